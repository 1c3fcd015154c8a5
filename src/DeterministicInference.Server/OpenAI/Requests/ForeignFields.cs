using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>Members of other APIs that clients send and that no engine reads on these routes.</summary>
internal static class ForeignFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        // Ollama.
        new("options", Any, Answer, "{}"),
        new("format", Any, Answer, "\"\"") { Aliases = ["response_format"] },
        new("num_ctx", Any, Answer),
        new("num_keep", Any, Answer) { Aliases = ["n_keep"] },
        // OpenRouter.
        new("models", Any, Answer, "[]") { Aliases = ["model"] },
        new("transforms", Any, Answer, "[]") { Aliases = ["truncate_prompt_tokens"] },
        // Engines' own routes.
        new("adapter_id", Any, Answer) { Aliases = ["model"] },
        new("truncate", Any, Answer) { Aliases = ["truncate_prompt_tokens"] },
        new("image_data", Any, Answer, "[]") { Aliases = ["messages"] },
        // SDKs that don't know extra_body send it as a member, and its own members would be lost.
        new("extra_body", Any, Answer, "{}"),
    ];
}
