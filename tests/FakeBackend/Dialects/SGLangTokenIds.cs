namespace DeterministicInference.FakeBackend.Dialects;

/// <summary>Which token ids an answer of SGLang carries.</summary>
/// <param name="InChoices">Both kinds in each choice: <c>return_token_ids</c>.</param>
/// <param name="PromptInChoices">The prompt's in each choice: <c>return_prompt_token_ids</c>, chats only.</param>
/// <param name="InputInExtension">The prompt's in <c>sglext</c>, chats only.</param>
/// <param name="OutputInExtension">The generated ones in <c>sglext</c>, chats only.</param>
/// <param name="IsFramed">Whether a stream names the event of <c>sglext</c>.</param>
internal sealed record SGLangTokenIds(
    bool InChoices,
    bool PromptInChoices,
    bool InputInExtension,
    bool OutputInExtension,
    bool IsFramed
)
{
    /// <summary>A build from before July 2026, which ignores all of these members.</summary>
    private static readonly bool IsOldBuild = Environment.GetEnvironmentVariable("FAKE_OLD_IDS") == "1";

    /// <exception cref="RefusedException">400: ids within the choices of a chat's stream.</exception>
    public static SGLangTokenIds Of(GenerationRequest request, IHeaderDictionary headers, LaunchArguments arguments)
    {
        if (IsOldBuild)
            return new SGLangTokenIds(false, false, false, false, false);
        bool inChoices = request.Asks("return_token_ids"),
            isChat = request.IsChat,
            promptInChoices = isChat && request.Asks("return_prompt_token_ids");
        if (isChat && request.IsStream && promptInChoices)
            throw NotStreamed("return_prompt_token_ids", "");
        if (isChat && request.IsStream && inChoices)
            throw NotStreamed("return_token_ids", " on /v1/chat/completions");
        return new SGLangTokenIds(
            inChoices,
            promptInChoices,
            isChat
                && (
                    request.Asks("return_input_ids_in_sglext")
                    || headers["x-sglext-return-input-ids"] == "1"
                    || arguments.Has("--return-input-ids")
                ),
            isChat
                && (
                    request.Asks("return_output_ids_in_sglext")
                    || headers["x-sglext-return-output-ids"] == "1"
                    || arguments.Has("--return-output-ids")
                ),
            headers["x-sglext-ids-framed"] == "1"
        );
    }

    private static RefusedException NotStreamed(string member, string where) =>
        new(
            400,
            "BadRequest",
            $"{member} is not supported with streaming{where}. Please set stream=false when using {member}=true."
        );
}
