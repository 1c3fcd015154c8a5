namespace DeterministicInference.Server.Engines.Facts;

/// <summary>What an option takes, according to the words of its name.</summary>
internal enum OptionKind
{
    /// <summary>Anything.</summary>
    Unknown,

    /// <summary>Paths and addresses.</summary>
    Paths,

    /// <summary>Words that the engine compares with its own.</summary>
    Words,

    /// <summary>A text that is used as it is, and may hold whatever looks like a path.</summary>
    Text,
}

/// <summary>Tells what options take by the words of their names, which engines name alike.</summary>
internal static class OptionKinds
{
    private static readonly string[] OfPaths =
    [
        "path",
        "paths",
        "libpath",
        "file",
        "files",
        "filename",
        "dir",
        "dirs",
        "directory",
        "folder",
        "folders",
        "url",
        "uri",
        // llama-server: --control-vector, --control-vector-scaled.
        "vector",
    ];

    private static readonly string[] OfText =
    [
        "template",
        "grammar",
        "schema",
        "kwargs",
        "message",
        "prompt",
        "breaker",
        "bias",
    ];

    private static readonly string[] OfWords =
    [
        "affinity",
        "algo",
        "algorithm",
        "arch",
        "attn",
        "backend",
        "backends",
        "capability",
        "device",
        "devices",
        "dtype",
        "format",
        "impl",
        "isa",
        "level",
        "method",
        "mode",
        "numa",
        "parser",
        "policy",
        "pooling",
        "quantization",
        "role",
        "samplers",
        "scaling",
        "split",
        "strategy",
        "type",
    ];

    /// <param name="option">A flag, a variable, or a member of a report.</param>
    public static OptionKind Of(string option)
    {
        string[] words = option.ToLowerInvariant().Split('-', '_', '.');
        return words.Any(OfPaths.Contains) ? OptionKind.Paths
            : words.Any(OfText.Contains) ? OptionKind.Text
            : words.Any(OfWords.Contains) ? OptionKind.Words
            : OptionKind.Unknown;
    }
}
