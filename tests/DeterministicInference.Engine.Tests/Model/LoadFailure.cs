using DeterministicInference.Engine.Model;
using Xunit;

namespace DeterministicInference.Engine.Tests.Model;

/// <summary>What a person sees who points the program at a folder that can't be used.</summary>
internal static class LoadFailure
{
    // How a remedy begins; every message ends in one.
    private static readonly string[] Remedies =
    [
        "Download",
        "Pass",
        "Use",
        "Convert",
        "Serve",
        "The two files belong",
        "The folder is incomplete",
        "The folder needs",
    ];

    /// <summary>Loading fails with one line that names the file, the problem and a remedy.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="path">What the message begins with.</param>
    /// <param name="problem">A part of the message.</param>
    public static void Expect(string folder, string path, string problem)
    {
        var failure = Assert.Throws<ModelLoadException>(() =>
            EmbeddedEngine.Load(folder, TemporaryModel.Limits).Dispose()
        );
        CheckForm(failure);
        Assert.StartsWith(path, failure.Message, StringComparison.Ordinal);
        Assert.Contains(problem, failure.Message, StringComparison.OrdinalIgnoreCase);
    }

    public static void Expect(TemporaryModel model, string file, string problem) =>
        Expect(model.Folder, model.PathOf(file), problem);

    /// <summary>One line, with a remedy.</summary>
    public static void CheckForm(ModelLoadException failure)
    {
        Assert.DoesNotContain('\n', failure.Message);
        Assert.DoesNotContain('\r', failure.Message);
        Assert.True(
            Array.Exists(Remedies, remedy => failure.Message.Contains(remedy, StringComparison.Ordinal))
                && failure.Message.EndsWith('.'),
            $"No remedy in: {failure.Message}"
        );
    }
}
