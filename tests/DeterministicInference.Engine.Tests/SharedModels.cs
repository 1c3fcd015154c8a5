using Xunit;

namespace DeterministicInference.Engine.Tests;

/// <summary>The trained test models, which lie beside the repository and not in it.</summary>
internal static class SharedModels
{
    public const string TinyStories = "TinyStories-656K";
    public const string TinyStoriesBFloat16 = "TinyStories-656K-bf16";

    /// <summary>The folder of a model. Skips the running test where it is absent.</summary>
    public static string Require(string name)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeterministicInference.slnx")))
            folder = folder.Parent;
        string? models = folder?.Parent is { } beside ? Path.Combine(beside.FullName, "shared", "models", name) : null;
        if (models is null || !Directory.Exists(models))
            Assert.Skip("skipped: needs the model folder shared/models beside the repository");
        return models;
    }
}
