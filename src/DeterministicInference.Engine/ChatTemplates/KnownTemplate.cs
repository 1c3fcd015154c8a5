using System.Text.Json;
using DeterministicInference.Engine.Model;

namespace DeterministicInference.Engine.ChatTemplates;

/// <summary>
/// A template that wraps each message in control text, recognised by its exact source. A template that is merely
/// similar would give a plausible, wrong prompt, so there is no guessing.
/// </summary>
/// <param name="Source">The Jinja source in <c>tokenizer_config.json</c>.</param>
/// <param name="Begin">Before the first message; "{bos}" is the begin token.</param>
/// <param name="BeforeRole">Before a message's role.</param>
/// <param name="AfterRole">Between role and content.</param>
/// <param name="AfterContent">Behind the content.</param>
/// <param name="TrimsContent">Whether white space around the content goes.</param>
internal sealed record KnownTemplate(
    string Source,
    string Begin,
    string BeforeRole,
    string AfterRole,
    string AfterContent,
    bool TrimsContent
) : IChatTemplate
{
    private static readonly KnownTemplate[] Known =
    [
        // The project's own models (tools/ModelTools).
        new(
            "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|"
                + "end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}",
            "{bos}",
            "<|",
            "|>",
            "<|end|>",
            TrimsContent: false
        ),
        // ChatML, as the transformers documentation writes it.
        new(
            "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|"
                + ">' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
            "",
            "<|im_start|>",
            "\n",
            "<|im_end|>\n",
            TrimsContent: false
        ),
        // Llama 3 Instruct (April 2024).
        new(
            "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|"
                + ">' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}{% if "
                + "loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% "
                + "if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
            "{bos}",
            "<|start_header_id|>",
            "<|end_header_id|>\n\n",
            "<|eot_id|>",
            TrimsContent: true
        ),
    ];

    private string BeginToken { get; init; } = "";

    /// <summary>The template of a model folder, or null where it has none or an unknown one.</summary>
    /// <exception cref="ModelLoadException"><c>tokenizer_config.json</c> is not valid.</exception>
    public static IChatTemplate? Find(string folder)
    {
        string path = Path.Combine(folder, "tokenizer_config.json");
        if (!File.Exists(path))
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(ModelFile.ReadAllBytes(path));
            if (
                !document.RootElement.TryGetProperty("chat_template", out JsonElement template)
                || template.ValueKind != JsonValueKind.String
            )
                return null;
            // Jinja sources carry line feeds as such or as the escape \n inside their strings.
            string source = template.GetString()!.Trim().Replace("\\n", "\n", StringComparison.Ordinal);
            KnownTemplate? known = Array.Find(Known, candidate => candidate.Source == source);
            return known is null ? null : known with { BeginToken = BeginTokenText(document.RootElement) };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new ModelLoadException(
                $"{path}: not valid ({e.Message.ReplaceLineEndings(" ")}). Download the file again.",
                e
            );
        }
    }

    public IReadOnlyList<PromptPart> Render(IReadOnlyList<ChatMessage> messages)
    {
        var parts = new List<PromptPart>
        {
            new(Begin.Replace("{bos}", BeginToken, StringComparison.Ordinal), IsControl: true),
        };
        foreach (ChatMessage message in messages)
        {
            parts.Add(new PromptPart(BeforeRole + message.Role + AfterRole, IsControl: true));
            parts.Add(new PromptPart(TrimsContent ? message.Content.Trim() : message.Content, IsControl: false));
            parts.Add(new PromptPart(AfterContent, IsControl: true));
        }
        parts.Add(new PromptPart(BeforeRole + "assistant" + AfterRole, IsControl: true));
        return parts;
    }

    private static string BeginTokenText(JsonElement root)
    {
        if (!root.TryGetProperty("bos_token", out JsonElement token))
            return "";
        return token.ValueKind == JsonValueKind.Object
            ? token.GetProperty("content").GetString() ?? ""
            : token.GetString() ?? "";
    }
}
