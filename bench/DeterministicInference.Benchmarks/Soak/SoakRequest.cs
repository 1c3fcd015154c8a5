using System.Text;

namespace DeterministicInference.Benchmarks.Soak;

/// <summary>How a request of the soak ends.</summary>
internal enum Ending
{
    /// <summary>With the whole answer.</summary>
    Complete,

    /// <summary>With the error that its injected fault must become.</summary>
    Failure,

    /// <summary>The client leaves before the answer begins.</summary>
    LeavesEarly,

    /// <summary>The client leaves within the answer.</summary>
    LeavesWithin,
}

/// <summary>One request: which one follows from its number alone.</summary>
internal sealed class SoakRequest
{
    private const int Tokens = 8,
        Prompts = 64;

    /// <summary>What the engine does to a JSON answer, and the status that the client must get.</summary>
    private static readonly (string Fake, int Status)[] JsonFaults =
    [
        ("""{"then":"reset"}""", 502),
        ("""{"answer":{"status":500,"body":"{\"object\":\"error\",\"message\":\"no\",\"code\":500}"}}""", 500),
        ("""{"answer":{"status":429,"body":"{\"object\":\"error\",\"message\":\"no\",\"code\":429}"}}""", 429),
        ("""{"answer":{"status":200,"body":"[1]"}}""", 502),
        ("""{"answer":{"status":200,"body":"{\"id\":"}}""", 502),
        ("""{"answer":{"status":200,"content_type":"text/html","body":"<html>"}}""", 502),
    ];

    /// <summary>
    /// The same for a stream; 200 is one that begins, and must end with an error event and without its proper end.
    /// </summary>
    private static readonly (string Fake, int Status)[] StreamFaults =
    [
        ("""{"then":"reset","after":3}""", 200),
        ("""{"then":"end","after":3}""", 200),
        ("""{"then":"done","after":3}""", 200),
        ("""{"then":"error","after":3}""", 200),
        ("""{"then":"malformed","after":3}""", 200),
        ("""{"answer":{"status":500,"body":"{\"object\":\"error\",\"message\":\"no\",\"code\":500}"}}""", 500),
    ];

    /// <param name="number">Any.</param>
    /// <param name="faults">Share of requests that the engine fails.</param>
    /// <param name="aborts">Share of requests that the client leaves.</param>
    public SoakRequest(long number, double faults, double aborts)
    {
        ulong hash = Mix((ulong)number);
        IsStream = (hash & 1) != 0;
        IsChat = (hash & 2) != 0;
        Prompt = (int)(hash >> 2 & Prompts - 1);
        double share = (hash >> 11) * (1.0 / (1ul << 53));
        uint choice = (uint)Mix(hash);
        string? fake = null;
        if (share < faults)
        {
            (string Fake, int Status)[] all = IsStream ? StreamFaults : JsonFaults;
            (fake, Status) = all[choice % all.Length];
            MayNotBegin = IsStream && fake.Contains("reset", StringComparison.Ordinal);
            Ending = Ending.Failure;
        }
        else if (share < faults + aborts)
        {
            Ending = IsStream && choice % 2 == 0 ? Ending.LeavesWithin : Ending.LeavesEarly;
            // The engine waits, so that only the client's leaving ends the request: before the first byte, or after two
            // events.
            fake = Ending == Ending.LeavesWithin ? """{"then":"stall","after":2}""" : """{"gate":"never"}""";
        }
        string prompt = IsChat ? $$"""[{"role":"user","content":"soak {{Prompt}}"}]""" : $"\"soak {Prompt}\"";
        string body =
            $$"""{"model":"soak","{{(IsChat ? "messages" : "prompt")}}":{{prompt}},"max_tokens":"""
            + $$"""{{Tokens}},"stream":"""
            + $$"""{{(IsStream ? "true" : "false")}},"fake":{{fake ?? "null"}}}""";
        string path = IsChat ? "/v1/chat/completions" : "/v1/completions";
        Bytes = Encoding.ASCII.GetBytes(
            $"POST {path} HTTP/1.1\r\nHost: soak\r\nContent-Type: application/json\r\nContent-Length: "
                + $"{body.Length}\r\n\r\n{body}"
        );
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public bool IsStream { get; }

    public bool IsChat { get; }

    /// <summary>Which of the few prompts, each of which has one text as its answer.</summary>
    public int Prompt { get; }

    public Ending Ending { get; }

    /// <summary>That the answer must have.</summary>
    public int Status { get; } = 200;

    /// <summary>
    /// Whether the answer may also be 502: a reset can overtake what was sent before it, so that there is no answer to
    /// begin.
    /// </summary>
    public bool MayNotBegin { get; }

    public string Kind =>
        $"{(IsStream ? "stream" : "JSON")}, {Ending switch { Ending.Complete => "whole answer", Ending.Failure => "injected fault", Ending.LeavesEarly => "client leaves before the answer", _ => "client leaves within the answer" }}";

    // SplitMix64.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
        value = (value ^ value >> 27) * 0x94D049BB133111EB;
        return value ^ value >> 31;
    }
}
