using DeterministicInference.ModelTools.Export;
using DeterministicInference.Server.Configuration;

namespace DeterministicInference.Server.Tests.Fixtures;

/// <summary>The model folders that the tests use.</summary>
internal static class TestModels
{
    public const string NeedsShared = "skipped: needs the model folder shared/models beside the repository";

    /// <summary>The bundled model, or the one that DIS_TEST_MODEL names.</summary>
    public static string Chat { get; } =
        Environment.GetEnvironmentVariable("DIS_TEST_MODEL")
        ?? Path.Combine(AppContext.BaseDirectory, "models", ServeOptions.BundledModel);

    public static string ChatName { get; } = Path.GetFileName(Chat);

    private static readonly Lazy<string> LazyScripted = new(() => Written("scripted", ScriptedModel.Write));
    private static readonly Lazy<string> LazySlow = new(() => Written("random-110m", WriteSlow));

    /// <summary>See <see cref="ScriptedModel"/>.</summary>
    public static string Scripted => LazyScripted.Value;

    /// <summary>110 million random weights: thousands of its tokens take minutes on any CPU.</summary>
    public static string Slow => LazySlow.Value;

    /// <summary>A trained story model kept beside the repository; null where it is absent.</summary>
    public static string? TinyStories { get; } = Shared("TinyStories-656K");

    /// <summary>An empty folder that is removed at the end of the test run.</summary>
    public static string NewFolder(string name) => TestFolders.Create(name);

    private static string Written(string name, Action<string> write)
    {
        string folder = NewFolder(name);
        write(folder);
        return folder;
    }

    private static void WriteSlow(string folder) =>
        RandomModel.Write(folder, RandomModel.Presets["110m"] with { MaxPositions = 8192 }, TensorType.BF16, seed: 1);

    private static string? Shared(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (!File.Exists(Path.Combine(folder.FullName, "DeterministicInference.slnx")))
                continue;
            string path = Path.Combine(folder.FullName, "..", "shared", "models", name);
            return Directory.Exists(path) ? Path.GetFullPath(path) : null;
        }
        return null;
    }
}
