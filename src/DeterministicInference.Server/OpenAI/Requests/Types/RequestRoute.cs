using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.OpenAI.Requests.Types;

/// <summary>The generating routes.</summary>
[Flags]
internal enum RequestRoute
{
    None = 0,

    /// <summary><c>POST /v1/chat/completions</c>.</summary>
    Chat = 1,

    /// <summary><c>POST /v1/completions</c>.</summary>
    Completions = 2,

    /// <summary>For fields of both routes.</summary>
    Both = Chat | Completions,
}

/// <summary>What is known of a <see cref="RequestRoute"/>.</summary>
internal static class RequestRoutes
{
    public const string Chat = CanonicalRequest.ChatPath,
        Completions = CanonicalRequest.CompletionsPath;

    /// <summary>The path of one route.</summary>
    public static string Path(this RequestRoute route) =>
        route switch
        {
            RequestRoute.Chat => Chat,
            RequestRoute.Completions => Completions,
            _ => throw new ArgumentOutOfRangeException(nameof(route), route, "not one route"),
        };
}
