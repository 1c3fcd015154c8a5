using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>Which Python packages a command would import, from the folders alone.</summary>
public sealed class PythonEnvironmentTests
{
    private readonly string _root = TestModels.NewFolder("python");

    [Fact]
    public void Of_a_virtual_environment_its_own()
    {
        string interpreter = Virtual("venv");
        Install(
            "venv/lib/python3.12/site-packages",
            "torch-2.9.1+cu128",
            "nvidia_cublas_cu12-12.8.4",
            "SGLang-0.5.6.post1",
            "sgl_kernel-0.3.18"
        );
        Install("usr/lib/python3/dist-packages", "torch-1.0");
        Assert.Equal(
            "nvidia-cublas-cu12 12.8.4, sgl-kernel 0.3.18, sglang 0.5.6.post1, torch 2.9.1+cu128",
            Packages(interpreter)
        );
        Assert.Equal(
            Packages(interpreter),
            Packages("python3", ("PATH", $"/nowhere:{Path.GetDirectoryName(interpreter)}"))
        );
    }

    [Fact]
    public void With_those_of_the_system_where_it_says_so()
    {
        string interpreter = Virtual("venv", "include-system-site-packages = true");
        Install("venv/lib/python3.12/site-packages", "torch-2.9.1");
        Install("usr/lib/python3/dist-packages", "torch-1.0", "pillow-10.0");
        Install("usr/local/lib/python3.12/dist-packages", "vllm-0.12.0");
        Assert.Equal("pillow 10.0, torch 2.9.1, vllm 0.12.0", Packages(interpreter));
    }

    [Theory]
    [InlineData("#!{0}/bin/python3")]
    [InlineData("#! {0}/bin/python3 -s")]
    [InlineData("#!/usr/bin/env python3")]
    [InlineData("#!/usr/bin/env -S python3 -s")]
    [InlineData("#!/bin/sh\n'''exec' \"{0}/bin/python3\" \"$0\" \"$@\"\n' '''")]
    public void A_script_is_run_by_the_interpreter_that_it_names(string beginning)
    {
        string interpreter = Virtual("venv"),
            folder = Path.GetDirectoryName(interpreter)!,
            script = Path.Combine(folder, "vllm");
        Install("venv/lib/python3.12/site-packages", "vllm-0.12.0");
        File.WriteAllText(script, string.Format(null, beginning, Path.GetDirectoryName(folder)) + "\nimport vllm\n");
        MakeExecutable(script);
        Assert.Equal("vllm 0.12.0", Packages(script, ("PATH", folder)));
        Assert.Equal("vllm 0.12.0", Packages("vllm", ("PATH", folder)));
    }

    /// <summary>
    /// A shim of pyenv is a script of bash called python3, and no folder beside it tells what it runs.
    /// </summary>
    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    public void A_shim_is_asked_as_the_interpreter_that_it_runs(string has, bool hasModule)
    {
        Install("versions/lib/site-packages", "sglang-0.5.6");
        string interpreter = Write("versions/bin/python3.12"),
            packages = Path.Combine(_root, "versions/lib/site-packages"),
            shim = Path.Combine(_root, "shims", "python3");
        Directory.CreateDirectory(Path.GetDirectoryName(shim)!);
        File.WriteAllText(
            shim,
            $$"""
            #!/bin/sh
            echo '{"version":"3.12.1","executable":"{{interpreter}}","path":["{{packages}}"],"found":[],"plugins":[],"has":{{has}}}'
            """
        );
        MakeExecutable(shim);
        EngineInstallation? found = new PythonEnvironment(
            new Dictionary<string, string> { ["PATH"] = $"{Path.GetDirectoryName(shim)}:/bin:/usr/bin" }
        ).Find("python3", "sglang");
        Assert.Equal((interpreter, hasModule), (found?.Interpreter, found?.HasModule));
        // One that runs nothing is unknown.
        File.WriteAllText(shim, "#!/bin/sh\nexit 127\n");
        Assert.Null(
            new PythonEnvironment(
                new Dictionary<string, string> { ["PATH"] = $"{Path.GetDirectoryName(shim)}:/bin:/usr/bin" }
            ).Find("python3", "sglang")
        );
    }

    [Fact]
    public void Of_conda_those_beside_the_interpreter()
    {
        string interpreter = Write("conda/bin/python3.11");
        File.CreateSymbolicLink(Path.Combine(_root, "conda/bin/python"), "python3.11");
        Install("conda/lib/python3.11/site-packages", "torch-2.9.1");
        Assert.Equal("torch 2.9.1", Packages(Path.Combine(Path.GetDirectoryName(interpreter)!, "python")));
    }

    [Fact]
    public void What_the_variables_add_goes_before()
    {
        string interpreter = Write("usr/bin/python3.12");
        Install("usr/lib/python3/dist-packages", "torch-1.0", "pillow-10.0");
        Install("extra", "torch-3.0");
        Install("home/.local/lib/python3.12/site-packages", "pillow-11.0", "triton-3.5");
        string extra = Path.Combine(_root, "extra"),
            home = Path.Combine(_root, "home");
        Assert.Equal(
            "pillow 11.0, torch 3.0, triton 3.5",
            Packages(interpreter, ("PYTHONPATH", $"/nowhere:{extra}"), ("HOME", home))
        );
        Assert.Equal(
            "pillow 10.0, torch 3.0",
            Packages(interpreter, ("PYTHONPATH", extra), ("HOME", home), ("PYTHONNOUSERSITE", "1"))
        );
    }

    [Fact]
    public void What_is_no_Python_is_not_known()
    {
        Virtual("venv");
        Assert.Equal("none", Packages(Write("venv/bin/container", "#!/bin/sh\nexec docker run engine\n")));
        Assert.Equal("none", Packages(Write("venv/bin/engine", "\u007fELF")));
        Assert.Equal("none", Packages(Path.Combine(_root, "venv/bin/gone")));
        Assert.Equal("none", Packages("python3", ("PATH", "/nowhere")));
        string data = Write("venv/bin/python3.9");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(data, UnixFileMode.UserRead);
        Assert.Equal("none", Packages(data));
        // Among two versions it is unknown which one is used.
        string unnumbered = Write("opt/bin/python3");
        Install("opt/lib/python3.11/site-packages", "torch-1.0");
        Install("opt/lib/python3.12/site-packages", "torch-2.0");
        Assert.Equal("none", Packages(unnumbered));
    }

    private string Packages(string command, params (string Name, string Value)[] variables) =>
        new PythonEnvironment(variables.ToDictionary(variable => variable.Name, variable => variable.Value)).Find(
            command,
            "engine"
        )
            is { } found
            ? string.Join(
                ", ",
                found
                    .Distributions.OrderBy(one => one.Name, StringComparer.Ordinal)
                    .Select(one => $"{one.Name} {one.Version}")
            )
            : "none";

    private string Virtual(string name, string setting = "include-system-site-packages = false")
    {
        string installed = Path.Combine(_root, "usr/bin/python3.12"),
            interpreter = Path.Combine(_root, name, "bin/python3");
        if (!File.Exists(installed))
            Write("usr/bin/python3.12");
        Write(name + "/pyvenv.cfg", $"home = {Path.GetDirectoryName(installed)}\n{setting}\nversion = 3.12.3\n");
        Directory.CreateDirectory(Path.GetDirectoryName(interpreter)!);
        File.CreateSymbolicLink(interpreter, installed);
        return interpreter;
    }

    private void Install(string folder, params string[] distributions)
    {
        foreach (string distribution in distributions)
            Directory.CreateDirectory(Path.Combine(_root, folder, distribution + ".dist-info"));
    }

    private string Write(string name, string text = "\u007fELF")
    {
        string file = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        MakeExecutable(file);
        return file;
    }

    private static void MakeExecutable(string file)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
