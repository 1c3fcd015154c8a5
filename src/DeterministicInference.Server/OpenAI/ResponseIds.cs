using System.Security.Cryptography;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Ids of answers and requests. They are random, and not part of what repeats.</summary>
internal static class ResponseIds
{
    public static string Answer(RequestRoute route) => Prefix(route) + Random();

    public static string Request() => "req_" + Random();

    /// <summary>What the ids of a route's answers begin with.</summary>
    public static string Prefix(RequestRoute route) => route == RequestRoute.Chat ? "chatcmpl-" : "cmpl-";

    private static string Random() => RandomNumberGenerator.GetHexString(24, lowercase: true);
}
