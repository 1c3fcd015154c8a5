namespace DeterministicInference.Server.Engines.Tgi;

/// <summary>How TGI's answers differ from the API's.</summary>
internal static class TgiAnswers
{
    public static AnswerRules Rules { get; } =
        new()
        {
            // enum FinishReason of its native route, which the OpenAI routes write too; empty before the end:
            // https://github.com/huggingface/text-generation-inference/blob/014d3fd4effb4e1e742b64c1d6b68ab5c0420686/router/src/lib.rs
            FinishReasons = [new("eos_token", "stop"), new("stop_sequence", "stop")],
            RepeatsRole = true,
            LeavesIdEmpty = true,
        };
}
