using System.Text;
using DeterministicInference.Receipts.Output;

namespace DeterministicInference.Receipts.Tests.Output;

/// <summary>Short forms of "the output of".</summary>
internal static class Outputs
{
    public static OutputDigest OfAnswer(string json, bool logprobs = false)
    {
        using var hasher = new HashedAnswer(logprobs);
        hasher.AppendAnswer(Encoding.UTF8.GetBytes(json));
        return hasher.Finish();
    }

    public static OutputDigest OfEvents(IEnumerable<string> events, bool logprobs = false)
    {
        using var hasher = new HashedAnswer(logprobs);
        foreach (string data in events)
            hasher.AppendEvent(Encoding.UTF8.GetBytes(data));
        return hasher.Finish();
    }

    /// <summary>
    /// The content of choice 0 of a finished chat answer, as it stands between the quotes of the JSON.
    /// </summary>
    public static OutputDigest OfContent(string escaped) =>
        OfAnswer($$"""{"choices":[{"index":0,"message":{"content":"{{escaped}}"},"finish_reason":"stop"}]}""");

    /// <summary>The line of the manifest for a channel, such as "0 content"; null if there is none.</summary>
    public static string? Line(this OutputDigest output, string channel) =>
        output.Manifest.Split('\n').SingleOrDefault(line => line.StartsWith(channel + " ", StringComparison.Ordinal));

    /// <summary>What a line says of a channel with this text.</summary>
    public static string LineOf(string channel, string text) => LineOf(channel, Encoding.UTF8.GetBytes(text));

    public static string LineOf(string channel, byte[] bytes) => $"{channel} {bytes.Length} {Sha256Value.Of(bytes)}";
}
