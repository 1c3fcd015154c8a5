using DeterministicInference.Server.OpenAI.Requests.Types;
using static DeterministicInference.Server.OpenAI.Requests.Types.FieldChange;
using static DeterministicInference.Server.OpenAI.Requests.Types.RequestRoute;
using static DeterministicInference.Server.OpenAI.Requests.Types.UsualTypes;

namespace DeterministicInference.Server.OpenAI.Requests;

/// <summary>How messages become a prompt, and how much the model reasons before it answers.</summary>
internal static class TemplateFields
{
    public static IReadOnlyList<Field> All { get; } =
    [
        new("chat_template", Text, Answer, routes: Chat) { Aliases = ["chat_template_kwargs"] },
        new("chat_template_kwargs", AnyObject, Answer, "{}", Chat) { AbsenceVaries = true },
        new("add_generation_prompt", Flag, Answer, "true", Chat),
        // A boolean; for llama.cpp also the name of the member that is continued.
        new("continue_final_message", FlagOrText, Answer, "false", Chat),
        new("documents", AnyArray, Answer, "[]", Chat) { Aliases = ["chat_template_kwargs"] },
        new("task", Text, Answer, routes: Chat) { Aliases = ["messages[].task"] },
        new("system_prompt", Any, Answer, "\"\"") { Aliases = ["messages"] },
        new("generation_prompt", Any, Answer),
        // Reasoning.
        new("reasoning_effort", Text, Answer, routes: Chat)
        {
            AbsenceVaries = true,
            Aliases = ["chat_template_kwargs", "reasoning"],
        },
        new("reasoning", AnyObject, Answer, "{}", Chat) { Aliases = ["reasoning_effort"] },
        new("thinking", Any, Answer, routes: Chat) { Aliases = ["chat_template_kwargs", "reasoning_effort"] },
        new("enable_thinking", Any, Answer, routes: Chat) { Aliases = ["chat_template_kwargs"] },
        new("think", Any, Answer) { Aliases = ["chat_template_kwargs"] },
        new("thinking_token_budget", Integer, Answer, "-1") { Aliases = ["reasoning_budget_tokens"] },
        new("thinking_budget_tokens", Integer, Answer, routes: Chat)
        {
            AbsenceVaries = true,
            Aliases = ["reasoning_budget_tokens", "thinking_token_budget"],
        },
        new("reasoning_budget_tokens", Integer, Answer)
        {
            AbsenceVaries = true,
            Aliases = ["thinking_token_budget", "thinking_budget_tokens"],
        },
        new("max_thinking_tokens", Any, Answer) { Aliases = ["thinking_token_budget", "reasoning_budget_tokens"] },
        new("reasoning_budget_message", Text, Answer, "\"\"", Chat),
        new("reasoning_budget_start_tag", Any, Answer),
        new("reasoning_budget_end_tag", Any, Answer),
        new("reasoning_budget_end_tags", Any, Answer),
        new("verbosity", Text, Answer, "\"medium\"", Chat),
        // Content of an answer other than text.
        new("modalities", Texts, Answer, "[\"text\"]", Chat),
        new("audio", AnyObject, Answer, routes: Chat),
    ];
}
