using System.Security.Cryptography;

namespace DeterministicInference.Server.OpenAI;

/// <summary>Ids of answers and requests. They are random, and not part of what repeats.</summary>
internal static class ResponseIds
{
    public static string Completion() => "cmpl-" + Random();

    public static string ChatCompletion() => "chatcmpl-" + Random();

    public static string Request() => "req_" + Random();

    private static string Random() => RandomNumberGenerator.GetHexString(24, lowercase: true);
}
