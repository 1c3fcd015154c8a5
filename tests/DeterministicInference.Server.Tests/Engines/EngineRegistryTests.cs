using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Tests.Documentation;
using Xunit;

namespace DeterministicInference.Server.Tests.Engines;

/// <summary>Invariants of all known engines.</summary>
public sealed class EngineRegistryTests
{
    public static TheoryData<string> Names => [.. EngineRegistry.BuiltIn.All.Select(engine => engine.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_engine_has_a_name_a_title_and_what_goes_with_a_launch(string name)
    {
        IEngineKind engine = EngineRegistry.BuiltIn.Find(name)!;
        Assert.Matches("^[a-z]+$", engine.Name);
        Assert.NotEmpty(engine.Title);
        Assert.StartsWith("/", engine.Health.Path, StringComparison.Ordinal);
        Assert.StartsWith("/", engine.Health.ProgressPath, StringComparison.Ordinal);
        if (engine.Launcher is { } launcher)
            Assert.NotEmpty(launcher.MissingRemedy);
        // An engine that can only be attached to promises nothing.
        Assert.Equal(engine.Launcher is not null, engine.Determinism.Basis.Length > 0);
        Assert.Equal(engine.Determinism.ReportPaths.Count > 0, engine.Determinism.ReportCodes.Count > 0);
    }

    [Fact]
    public void An_engine_is_found_by_its_name_and_the_first_one_is_the_default()
    {
        EngineRegistry engines = EngineRegistry.BuiltIn;
        Assert.All(engines.All, engine => Assert.Same(engine, engines.Find(engine.Name)));
        Assert.Null(engines.Find("nonsense"));
        Assert.Same(engines.All[0], engines.Default);
        Assert.Equal(engines.Default.Name, ServeOptions.DefaultsWith(engines.Choices).Backend);
    }

    [Fact]
    public void Each_engine_has_a_folder_of_its_name()
    {
        string engines = Path.Combine(RepositoryFiles.Root, "src", "DeterministicInference.Server", "Engines");
        Assert.Equal(
            EngineRegistry.BuiltIn.All.Select(engine => engine.Name).Order(StringComparer.Ordinal),
            Directory
                .GetDirectories(engines)
                .Select(folder => Path.GetFileName(folder).ToLowerInvariant())
                .Where(folder => folder is not ("facts" or "evidence"))
                .Order(StringComparer.Ordinal)
        );
    }
}
