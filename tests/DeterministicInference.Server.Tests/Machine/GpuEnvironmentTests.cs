using System.Text.Json.Nodes;
using DeterministicInference.Server.Machine;
using Xunit;

namespace DeterministicInference.Server.Tests.Machine;

/// <summary>The description of the machine's GPUs.</summary>
public sealed class GpuEnvironmentTests
{
    [Fact]
    public void Without_a_GPU_the_description_says_so()
    {
        Assert.Equal(
            """{"gpu_count":0,"gpus":[],"driver_version":"unknown","cuda_version":"unknown"}""",
            new GpuEnvironment().ToJson()
        );
    }

    [Fact]
    public void Collecting_never_fails()
    {
        JsonObject environment = JsonNode.Parse(GpuEnvironment.Collect().ToJson())!.AsObject();
        Assert.Equal((int)environment["gpu_count"]!, environment["gpus"]!.AsArray().Count);
    }

    [Fact]
    public void GPUs_are_listed_with_their_memory()
    {
        var environment = new GpuEnvironment
        {
            Gpus = [new(0, "A \"quoted\" GPU", 85_520_809_984, new ComputeCapability(9, 0)), new(1, "B", 1_000_000)],
            DriverVersion = "550.54.15",
            CudaVersion = "12.4",
        };
        Assert.Equal(
            """{"gpu_count":2,"gpus":[{"index":0,"name":"A \"quoted\" """
                + """GPU","memory_total_bytes":85520809984,"memory_total_mib":81559},"""
                + """{"index":1,"name":"B","memory_total_bytes":1000000,"memory_total_mib":"""
                + """0.95}],"driver_version":"550.54.15","cuda_version":"12.4"}""",
            environment.ToJson()
        );
        Assert.Equal(environment.ToJson(), JsonNode.Parse(environment.ToJsonString())!.GetValue<string>());
    }

    [Theory]
    [InlineData(12040, "12.4")]
    [InlineData(13000, "13.0")]
    [InlineData(11082, "11.8.2")]
    public void CUDA_versions_are_written_as_they_are_known(int version, string name) =>
        Assert.Equal(name, Nvml.CudaName(version));
}
