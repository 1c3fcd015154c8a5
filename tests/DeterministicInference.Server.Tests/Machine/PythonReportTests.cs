using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>What a real interpreter says of what is installed for it.</summary>
public sealed class PythonReportTests
{
    private readonly string _root = TestModels.NewFolder("report");

    [Fact]
    public void The_first_of_a_name_counts_with_the_files_that_were_installed_and_not_their_place()
    {
        Install("one", "sglang_kernel", "0.4.1", "sgl_kernel/ops.so,sha256=aaa,10");
        Install("two", "sglang_kernel", "0.4.2", "sgl_kernel/ops.so,sha256=bbb,10");
        PythonDistribution first = Kernel("one", "two"),
            second = Kernel("two", "one");
        Assert.Equal(("0.4.1", "0.4.2"), (first.Version, second.Version));
        // The same content elsewhere, with what installers write for themselves.
        Install(
            "three",
            "sglang-kernel",
            "0.4.1",
            "../../../bin/kernel,sha256=path,1",
            "sgl_kernel/ops.so,sha256=aaa,10",
            "sgl_kernel/__pycache__/x.cpython-312.pyc,,",
            "sglang-kernel-0.4.1.dist-info/INSTALLER,sha256=uv,2",
            "sglang-kernel-0.4.1.dist-info/RECORD,,"
        );
        Assert.Equal(first, Kernel("three"));
        // Other kernels of the same version.
        Install("four", "sglang_kernel", "0.4.1", "sgl_kernel/ops.so,sha256=ccc,10");
        Assert.NotEqual(first.Line, Kernel("four").Line);
    }

    [Fact]
    public void Plug_ins_and_links_to_folders_are_seen()
    {
        string info = Install("one", "my-plugin", "1.0", "my/plugin.py,sha256=aaa,10");
        File.WriteAllText(Path.Combine(info, "entry_points.txt"), "[sglang.srt.plugins]\nmine = my.plugin:load\n");
        File.WriteAllText(
            Path.Combine(info, "direct_url.json"),
            """{"url":"file:///src","dir_info":{"editable":true}}"""
        );
        PythonReport report = Ask("one");
        Assert.Equal(["sglang.srt.plugins:mine=my.plugin:load"], report.Plugins);
        Assert.True(report.Distributions.Single(one => one.Name == "my-plugin").IsEditable);
        Assert.StartsWith("3.", report.Version, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_root, "one"), report.Folders);
    }

    [Fact]
    public void A_program_that_does_not_end_fails_or_is_none_has_no_output()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        var variables = new Dictionary<string, string> { ["PATH"] = "/bin:/usr/bin" };
        TimeSpan limit = TimeSpan.FromSeconds(20);
        Assert.Equal("a\n"u8.ToArray(), ChildOutput.Read(["sh", "-c", "echo a"], variables, limit, 10));
        Assert.Null(ChildOutput.Read(["sh", "-c", "echo a; exit 1"], variables, limit, 10));
        Assert.Null(ChildOutput.Read(["sh", "-c", "echo 12345678901"], variables, limit, 10));
        Assert.Null(ChildOutput.Read(["/nowhere/python3"], variables, limit, 10));
        Assert.Null(
            ChildOutput.Read(["sh", "-c", "sleep 600 & sleep 600"], variables, TimeSpan.FromMilliseconds(50), 10)
        );
    }

    private PythonDistribution Kernel(params string[] folders) =>
        Ask(folders).Distributions.Single(one => one.Name == "sglang-kernel");

    private PythonReport Ask(params string[] folders)
    {
        string? interpreter = new[] { "/usr/bin/python3", "/usr/local/bin/python3" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(interpreter is null, "skipped: needs python3");
        return PythonReport.Ask(
            interpreter,
            "sglang",
            new Dictionary<string, string>
            {
                ["PYTHONPATH"] = string.Join(':', folders.Select(folder => Path.Combine(_root, folder))),
            }
        )!;
    }

    private string Install(string folder, string name, string version, params string[] record)
    {
        string info = Path.Combine(_root, folder, $"{name}-{version}.dist-info");
        Directory.CreateDirectory(info);
        File.WriteAllText(Path.Combine(info, "METADATA"), $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        File.WriteAllLines(Path.Combine(info, "RECORD"), record);
        return info;
    }
}
