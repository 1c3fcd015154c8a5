using System.Text.RegularExpressions;
using DeterministicInference.Server.OpenAI.Requests;
using DeterministicInference.Server.OpenAI.Requests.Types;

namespace DeterministicInference.Server.Gateway.Forwarding;

/// <summary>
/// What is wrong with a request according to an engine's text, in the API's terms: clients decide by status, code and
/// param, and each engine has words of its own.
/// </summary>
/// <param name="Message">The text without the engine's inside.</param>
/// <param name="Param">The field; null if the text names none.</param>
/// <param name="Code">The API's code; null for none.</param>
internal sealed partial record EngineErrorReason(string Message, string? Param, string? Code = null)
{
    private const string ContextLength = "context_length_exceeded";

    /// <summary>Finds the reason in a text.</summary>
    /// <param name="text">The engine's message.</param>
    /// <param name="param">The field that the engine names; null for none.</param>
    /// <param name="route">The route that was asked.</param>
    /// <returns>The reason, and whether it is the client's whatever the status; null if none is known.</returns>
    public static (EngineErrorReason Reason, bool IsClients)? Find(string text, string? param, RequestRoute route)
    {
        string content = route == RequestRoute.Chat ? "messages" : "prompt";
        if (TooManyTokens.IsMatch(text))
            return (new(WithoutTail(text), "max_tokens", ContextLength), true);
        if (TooLong.IsMatch(text))
            return (new(OperatorHint.Replace(WithoutTail(text), ""), content, ContextLength), true);
        if (NoMedia.Match(text) is { Success: true } media)
            return (Invalid(content, $"the model takes {Without(media.Groups["media"].Value)}"), true);
        if (Validation(text) is { } validation)
            return (validation, false);
        if (Field.Match(text) is { Success: true } field)
            return (Invalid(field.Groups["param"].Value, field.Groups["message"].Value), false);
        if (Grammar.Match(text) is { Success: true } grammar)
            return (
                new(SourceLine.Replace(text, "").TrimEnd(), param ?? GrammarField(grammar.Groups["kind"].Value)),
                false
            );
        // vLLM's own name of the number of alternatives, which a chat asks for by another one.
        if (route == RequestRoute.Chat && TooManyAlternatives.IsMatch(text))
            return (new(WithoutTail(text), "top_logprobs"), false);
        if (Tail.Match(text) is { Success: true } tail)
            return (new(WithoutTail(text), param ?? tail.Groups["param"].Value), false);
        return
            param is null
            && Subject.Match(text) is { Success: true } subject
            && RequestFields.Find(route, subject.Groups["param"].Value) is not null
            ? (new(text, subject.Groups["param"].Value), false)
            : null;
    }

    /// <summary>A path as the API writes it: <c>messages[2].role</c>.</summary>
    /// <param name="parts">Names and indexes.</param>
    public static string? PathOf(IEnumerable<string> parts)
    {
        string path = string.Concat(parts.Select(part => part.All(char.IsAsciiDigit) ? $"[{part}]" : "." + part));
        // A position in the text of the body.
        return path.Length == 0 || path[0] == '[' ? null : path[1..];
    }

    /// <summary>
    /// The first error of pydantic's list as vLLM and SGLang print it, without the file of the server that follows it.
    /// </summary>
    private static EngineErrorReason? Validation(string text)
    {
        if (ValidationHead.Match(text) is not { Success: true } head)
            return null;
        string rest = text[head.Length..];
        string first = rest.Split('\n')[0].Trim();
        Match message = ValidationMessage.Match(first);
        if (!message.Success)
            return new(first, null);
        string said = message.Groups["message"].Value;
        const string value = "Value error, ";
        if (said.StartsWith(value, StringComparison.Ordinal))
            said = said[value.Length..];
        Match place = ValidationPlace.Match(first);
        string? path = place.Success
            ? PathOf(place.Groups["path"].Value.Split([' ', ',', '.', '\''], StringSplitOptions.RemoveEmptyEntries))
            : null;
        return path is null ? new(said, null) : Invalid(path, said);
    }

    private static EngineErrorReason Invalid(string param, string message) =>
        new($"Invalid '{param}': {message.TrimEnd('.')}.", param);

    private static string Without(string media) =>
        media.ToLowerInvariant() switch
        {
            "image" => "no images",
            "audio" => "no audio",
            "video" => "no videos",
            _ => "text only",
        };

    private static string WithoutTail(string text) => Tail.Replace(text, "");

    private static string GrammarField(string kind) => kind is "regex" or "ebnf" ? kind : "response_format";

    /// <summary>
    /// vLLM and SGLang ("maximum context length", "longer than the model's context length"), llama-server ("exceeds
    /// the available context size") and TGI ("`inputs` must have less than", "`inputs` tokens + `max_new_tokens`").
    /// </summary>
    [GeneratedRegex(
        "maximum context length|longer than the model's context length|exceeds? the available context size"
            + "|`inputs` must have less than|`inputs` tokens \\+ `max_new_tokens`",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex TooLong { get; }

    /// <summary>vLLM: more tokens are asked for than the context has.</summary>
    [GeneratedRegex("^max_(completion_)?tokens=.*max_model_len")]
    private static partial Regex TooManyTokens { get; }

    /// <summary>Of all engines that can't see or hear with the model that they have.</summary>
    [GeneratedRegex(
        "(?<media>image|audio|video) input is not supported|is not a multimodal model|only supports text input",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex NoMedia { get; }

    /// <summary>llama-server's advice, which is for whoever starts it.</summary>
    [GeneratedRegex(",? try increasing it$")]
    private static partial Regex OperatorHint { get; }

    [GeneratedRegex(@"^\d+ validation errors?:\s*")]
    private static partial Regex ValidationHead { get; }

    /// <summary>A Python string, in whichever quotes.</summary>
    [GeneratedRegex("""'msg': (?:'(?<message>(?:[^'\\]|\\.)*)'|"(?<message>(?:[^"\\]|\\.)*)")""")]
    private static partial Regex ValidationMessage { get; }

    /// <summary>SGLang's <c>('body', 'messages', 0, 'role')</c> and vLLM's <c>'body.messages.0.role'</c>.</summary>
    [GeneratedRegex("""'loc': (?:\('body',? ?(?<path>[^)]*)\)|'body\.?(?<path>[^']*)')""")]
    private static partial Regex ValidationPlace { get; }

    /// <summary>llama-server.</summary>
    [GeneratedRegex(@"^Field '(?<param>[\w.\[\]]+)': (?:\[json\.exception\.[\w.]+\] )?(?<message>.+)$")]
    private static partial Regex Field { get; }

    /// <summary>SGLang ("Failed to compile json grammar") and vLLM ("Grammar error").</summary>
    [GeneratedRegex("^(Failed to compile (?<kind>[a-z_]+) grammar|Grammar error): ")]
    private static partial Regex Grammar { get; }

    /// <summary>The time and the line of a library's source.</summary>
    [GeneratedRegex(@"\[\d\d:\d\d:\d\d\] \S+:\d+: ")]
    private static partial Regex SourceLine { get; }

    [GeneratedRegex("^Requested sample logprobs of ")]
    private static partial Regex TooManyAlternatives { get; }

    /// <summary>SGLang: "top_p must be in (0, 1], got 0.0.".</summary>
    [GeneratedRegex("^(?<param>[a-z][a-z0-9_]*) must ")]
    private static partial Regex Subject { get; }

    /// <summary>vLLM's <c>(parameter=temperature, value=-1.0)</c>.</summary>
    [GeneratedRegex(@"\s*\(parameter=(?<param>[\w.\[\]]+)(, value=[^)]*)?\)$")]
    private static partial Regex Tail { get; }
}
