using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>How an answer is sent.</summary>
internal static class DeliveryFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("stream", Flag, Delivery, "false"),
        new("stream_options", new ObjectType(StreamOptions()), Delivery, "{}"),
        new("stream_interval", new IntegerType(1), Delivery) { AbsenceVaries = true },
        new("stream_reasoning", Flag, Delivery, "true", Chat),
        new("return_progress", Flag, Delivery, "false"),
        new("sse_ping_interval", Integer, Delivery) { AbsenceVaries = true },
        // Of this server: "header" is a stream without comment lines, whose receipt is fetched by its id.
        new("receipt", new TextType("inline", "header"), Delivery, "\"inline\""),
    ];

    private static Field[] StreamOptions() =>
        [
            new("stream_options.include_usage", Flag, Delivery, "false"),
            // If absent, the API adds padding.
            new("stream_options.include_obfuscation", Flag, Delivery, "false") { AbsenceVaries = true },
            new("stream_options.continuous_usage_stats", Flag, Delivery, "false"),
        ];
}
