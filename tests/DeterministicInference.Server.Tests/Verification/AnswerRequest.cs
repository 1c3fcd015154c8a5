using System.Text;
using System.Text.Json.Nodes;
using DeterministicInference.Receipts.Canonical;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>A request as <see cref="IssuingServer"/> reads it.</summary>
internal sealed record AnswerRequest(string Path, byte[] Body, bool IsReplay, string? Authorization)
{
    private JsonObject Json { get; } = JsonNode.Parse(Body)!.AsObject();

    public bool IsStream => (bool?)Json["stream"] ?? false;

    public bool IsChat => Path == "/v1/chat/completions";

    public bool WantsIds => (bool?)Json["return_token_ids"] ?? false;

    public bool WantsSglangIds =>
        Json["return_input_ids_in_sglext"] is not null && Json["return_output_ids_in_sglext"] is not null;

    public bool WantsLogprobs => Json["logprobs"] is not null;

    public byte[] WithoutUnknown()
    {
        JsonObject known = JsonNode.Parse(Body)!.AsObject();
        known.Remove("replay_nonce");
        return Encoding.UTF8.GetBytes(known.ToJsonString());
    }

    /// <summary>What the server sets.</summary>
    public RequestPins Pins(IReadOnlyDictionary<string, string> further)
    {
        var pins = new Dictionary<string, string>(further);
        if ((string?)Json["model"] != "tiny")
            pins["model"] = "\"tiny\"";
        if (Json["seed"] is null)
            pins["seed"] = "42";
        return new RequestPins(pins);
    }
}
