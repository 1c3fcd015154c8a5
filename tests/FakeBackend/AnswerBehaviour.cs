using System.Text.Json.Nodes;

namespace DeterministicInference.FakeBackend;

/// <summary>How one answer misbehaves: the member <c>fake</c> of the request, an object with these members.</summary>
internal sealed class AnswerBehaviour(JsonNode? fake)
{
    /// <summary>
    /// Name of a gate. A stream sends its first event and waits before the next one, or with <see cref="Then"/> before
    /// that; a JSON answer waits before its first byte. POST /__fake/gates/{name} opens it.
    /// </summary>
    public string? Gate => (string?)fake?["gate"];

    /// <summary>Events with text that a stream sends before <see cref="Then"/>.</summary>
    public int After => (int?)fake?["after"] ?? 1;

    /// <summary>
    /// What happens then: <c>reset</c> the connection, <c>end</c> the body regularly, <c>done</c> (the mark [DONE]
    /// without a reason for the end), <c>error</c> (as the engine reports one), <c>abort</c> (as finish_reason, in a
    /// JSON answer too), <c>malformed</c> (half of an event), <c>die</c> (the process is killed), <c>stall</c>. In a
    /// JSON answer <c>reset</c> and <c>die</c> come after half of the body.
    /// </summary>
    public string? Then => (string?)fake?["then"];

    /// <summary>Words after which the model ends its text by itself; never when absent.</summary>
    public int? EndsAfter => (int?)fake?["ends_after"];

    /// <summary>Whether a complete stream lacks [DONE] at its end.</summary>
    public bool WithoutDone => (bool?)fake?["without_done"] ?? false;

    /// <summary>A whole answer: <c>status</c>, <c>content_type</c>, <c>body</c>, <c>headers</c>.</summary>
    public JsonNode? Answer => fake?["answer"];

    /// <summary>
    /// Text that is sent as the stream's events instead of generated ones; <see cref="Then"/> follows it.
    /// </summary>
    public string? Events => (string?)fake?["events"];

    /// <summary>Bytes per write of a stream; 0 is a whole event.</summary>
    public int PieceSize => (int?)fake?["piece_size"] ?? 0;

    /// <summary>
    /// Milliseconds before each event of a stream; null is none. Such an event has a member <c>sent_at</c>, the
    /// timestamp of <see cref="System.Diagnostics.Stopwatch"/>, which all processes of a machine read alike.
    /// </summary>
    public int? Pace => (int?)fake?["pace_ms"];

    /// <summary>A member that JSON answers carry in addition, as raw text: <c>"name":value</c>.</summary>
    public string? ExtraMember => (string?)fake?["extra_member"];
}
