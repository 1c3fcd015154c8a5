using DeterministicInference.Server.Backends;
using DeterministicInference.Server.Backends.Preflight;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Tests.Backends;
using Xunit;

namespace DeterministicInference.Server.Tests.Documentation;

/// <summary>The example of docs/adding-a-backend.md compiles, and does what the page says.</summary>
public sealed class AddingABackendTests
{
    private static readonly ExampleBackend Example = new();
    private static readonly InferenceOptions Options = new() { ModelPath = "/models/tiny", BackendArguments = ["--cache", "8GiB"] };

    [Fact]
    public void The_page_has_the_example_to_the_letter() =>
        Assert.Contains($"```csharp\n{RepositoryFiles.Read("tests/DeterministicInference.Server.Tests/Documentation/ExampleBackend.cs")}```\n", RepositoryFiles.Read("docs/adding-a-backend.md"), StringComparison.Ordinal);

    [Fact]
    public void The_page_names_every_member_of_a_backend()
    {
        string page = RepositoryFiles.Read("docs/adding-a-backend.md");
        Assert.All(typeof(IBackend).GetMembers().Where(member => !member.Name.StartsWith("get_", StringComparison.Ordinal) && member is not System.Reflection.ConstructorInfo and not System.Reflection.FieldInfo),
            member => Assert.Contains($"`{member.Name}", page, StringComparison.Ordinal));
    }

    [Fact]
    public void The_example_is_launched_as_the_page_says()
    {
        BackendLaunch launch = Example.Launch(Options, Machines.With("9.0"));
        Assert.Equal("ACME_TELEMETRY=off acme-serve --model /models/tiny --name tiny --bind 127.0.0.1:30000 --fixed-order --cache 8GiB", launch.Describe());
    }

    [Fact]
    public void The_example_finds_what_the_page_says()
    {
        Found.Is(EnginePreflight.Check(Example, Options, Machines.With("9.0")));
        Found.Is(EnginePreflight.Check(Example, Options, Machines.With(Machines.NoGpu)), "Refused gpu_unknown: Acme Serve runs on NVIDIA GPUs");
        Found.Is(EnginePreflight.Check(Example, Options with { BackendArguments = ["--kv-bits=8"] }, Machines.With("9.0")), "Undermines kv_cache_type: --kv-bits below 16");
        Found.Is(EnginePreflight.Check(Example, Options with { BackendArguments = [], BackendUrl = new Uri("http://127.0.0.1:9") }, Machines.With("9.0")), "Undermines arguments_unknown");
        Assert.Equal(8, Example.RequestsAtOnce(Options));
    }
}
