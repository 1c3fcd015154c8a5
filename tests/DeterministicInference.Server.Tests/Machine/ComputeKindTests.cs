using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>What an engine computes on, from files of its build and of the kernel.</summary>
public sealed class ComputeKindTests
{
    private static readonly GpuEnvironment Nvidia = new() { Gpus = [new GpuDevice(0, "H100", 1, new(9, 0))] };
    private static readonly OtherGpus None = new();

    private readonly string _root = TestModels.NewFolder("kinds");

    [Theory]
    [InlineData("2.13.0+cpu", "None", "None", "None", "Cpu")]
    [InlineData("2.9.1+cu128", "'12.8'", "None", "None", "Cuda")]
    [InlineData("2.9.1", "'12.8'", "None", "None", "Cuda")]
    // PyPI's build for ARM has no local part.
    [InlineData("2.9.1", "None", "None", "None", "Cpu")]
    [InlineData("2.9.1+rocm6.4", "None", "'6.4.43482'", "None", "Rocm")]
    [InlineData("2.9.1+xpu", "None", "None", "'20250201'", "Xpu")]
    public void A_build_of_PyTorch_says_it(string version, string cuda, string hip, string xpu, string kind)
    {
        TorchBuild build = TorchBuild.Parse(
            $"from typing import Optional\n\n__all__ = ['__version__', 'debug', 'cuda', 'git_version', 'hip', 'xpu']\n"
                + $"__version__ = '{version}'\ndebug = False\ncuda: Optional[str] = {cuda}\n"
                + $"git_version = 'abc'\nhip: Optional[str] = {hip}\nxpu: Optional[str] = {xpu}\n"
        )!;
        Assert.Equal((version, kind), (build.Version, build.Kind.ToString()));
    }

    [Fact]
    public void A_file_that_names_nothing_but_a_version_is_judged_by_its_local_part()
    {
        Assert.Equal(ComputeKind.Cpu, TorchBuild.Parse("__version__ = '2.13.0+cpu'\n")!.Kind);
        Assert.Equal(ComputeKind.Unknown, TorchBuild.Parse("__version__ = '2.13.0'\n")!.Kind);
        Assert.Null(TorchBuild.Parse("debug = False\n"));
    }

    [Fact]
    public void AMDs_GPUs_are_those_that_the_kernel_gives_an_architecture()
    {
        Write("sys/class/kfd/kfd/topology/nodes/0/properties", "cpu_cores_count 96\ngfx_target_version 0\n");
        Write("sys/class/kfd/kfd/topology/nodes/1/properties", "gfx_target_version 90402\ndrm_render_minor 128\n");
        Write("sys/class/kfd/kfd/topology/nodes/2/properties", "gfx_target_version 90010\ndrm_render_minor 129\n");
        Write("sys/class/kfd/kfd/topology/nodes/10/properties", "gfx_target_version 110000\n");
        Write("sys/class/drm/renderD128/device/product_name", "AMD Instinct MI300X\n");
        Write("sys/module/amdgpu/version", "6.12.12\n");
        Write("dev/kfd", "");
        OtherGpus seen = OtherGpus.Read(_root);
        Assert.Equal(
            [
                new OtherGpu("AMD Instinct MI300X", "gfx942"),
                new OtherGpu("gfx90a", "gfx90a"),
                new OtherGpu("gfx1100", "gfx1100"),
            ],
            seen.Amd
        );
        Assert.Equal(("6.12.12", true, false), (seen.Driver, seen.HasAnyFile, seen.HasNvidiaFile));
    }

    [Fact]
    public void Intels_GPUs_are_those_that_are_no_part_of_a_processor()
    {
        Intel("renderD128", "0000:00:02.0", "i915", "0x46a6");
        Intel("renderD129", "0000:03:00.0", "i915", "0x56a0");
        Intel("renderD130", "0000:04:00.0", "xe", "0xe20b");
        Write("sys/class/drm/renderD131/device/vendor", "0x1af4\n");
        Write("proc/sys/kernel/osrelease", "6.12.0\n");
        OtherGpus seen = OtherGpus.Read(_root);
        Assert.Equal([new OtherGpu("Intel 0x56a0"), new OtherGpu("Intel 0xe20b")], seen.Intel);
        Assert.Equal("6.12.0", seen.Driver);
    }

    [Fact]
    public void A_build_for_processors_does_not_use_the_GPU_that_is_there()
    {
        Assert.Equal(ComputeKind.Cpu, Of("2.13.0+cpu", Nvidia, None));
        Assert.Equal(ComputeKind.Cuda, Of("2.9.1+cu128", new GpuEnvironment(), None));
        Assert.Equal(ComputeKind.Cuda, Of(null, Nvidia, None));
        Assert.Equal(ComputeKind.Rocm, Of(null, new(), new OtherGpus { Amd = [new("a", "gfx942")] }));
        Assert.Equal(ComputeKind.Xpu, Of(null, new(), new OtherGpus { Intel = [new("a")] }));
        Assert.Equal(ComputeKind.Cpu, Of("2.13.0", new(), None));
        Assert.Equal(ComputeKind.Unknown, Of(null, new(), None));
        Assert.Equal(ComputeKind.Unknown, Of(null, new(), new OtherGpus { HasAnyFile = true }));
        // A wrapper may run it elsewhere, and nothing is known of an attached engine.
        Assert.Equal(ComputeKind.Unknown, Of(null, new(), None, isOwn: false));
        Assert.Equal(ComputeKind.Unknown, MachineFactsReader.KindOf(null, Nvidia, None, null));
    }

    private static ComputeKind Of(string? torch, GpuEnvironment gpu, OtherGpus others, bool isOwn = true) =>
        MachineFactsReader.KindOf(
            torch is null
                ? null
                : new EngineInstallation("python3", [])
                {
                    EngineVersion = "0.5.23",
                    Torch = new TorchBuild(torch, TorchBuild.OfTag(torch)),
                },
            gpu,
            others,
            new EngineProgram("vllm", "vllm", isOwn)
        );

    private void Intel(string node, string address, string driver, string device)
    {
        Write($"sys/devices/pci/{address}/vendor", "0x8086\n");
        Write($"sys/devices/pci/{address}/device", device + "\n");
        Directory.CreateDirectory(Path.Combine(_root, "sys/bus/pci/drivers", driver));
        Directory.CreateSymbolicLink(
            Path.Combine(_root, "sys/devices/pci", address, "driver"),
            Path.Combine(_root, "sys/bus/pci/drivers", driver)
        );
        Directory.CreateDirectory(Path.Combine(_root, "sys/class/drm", node));
        Directory.CreateSymbolicLink(
            Path.Combine(_root, "sys/class/drm", node, "device"),
            Path.Combine(_root, "sys/devices/pci", address)
        );
    }

    private void Write(string name, string text)
    {
        string file = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
