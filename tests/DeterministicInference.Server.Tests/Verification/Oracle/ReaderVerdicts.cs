namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>
/// The verdict that is expected of each alteration as a bundle. One that is not named here is TAMPERED.
/// </summary>
internal static class ReaderVerdicts
{
    private const string Usual = "TAMPERED";

    private const string NotTheBundles =
        "The bundle has its receipt elsewhere, and a report names the member of the answer as never compared";

    /// <summary>A verdict, and below it the alterations that have it.</summary>
    private const string Named = """
        VALID
            chat: the only choice has no index
            chat: the index is null
            chat-tools: a tool call without its type
            chat: citations in the answer
            chat: sources in the answer
            chat: annotations in the answer
            chat: thinking in the answer
            chat: form in the answer
            chat: form and its receipt in the answer
            chat: form and a response in the answer
            chat: a response in the answer
            chat: a response of events in the answer
            chat: a request in the answer
            chat: environment removed
            chat: another environment
            chat: an environment document in the answer
            chat: token ids that nobody asked for
            chat: response_token_ids that nobody asked for
            chat: sglext that nobody asked for
            chat: no role
            chat-reasoning: the other name of reasoning
            chat: escapes in the text (control)
            chat: no usage
            chat: usage is empty
            chat: usage is null
            chat: no model
            chat-logprobs: log-probabilities gone
            chat-logprobs: log-probabilities are null
            completion-n2-logprobs: an alternative of null becomes an object
            chat: white space (control)
            chat: another order of members (control)
            chat: a byte order mark (control)
            chat: white space behind it (control)
            chat-ids: ids are null
            chat-ids: ids are gone
            chat-ids: ids by the other name
            chat-ids: prompt ids are null
            chat-ids: prompt ids are gone
            chat-sglext: sglext is gone
            stream: the usage dropped
            stream: a piece split in two events (control)
            stream-n2: events of two choices in another order
            stream-n2: two choices in one event
            stream: a null between the events
            stream: an empty event between the events
            stream: an event with choices null (control)
            stream: a finish again at the end
            stream: a second usage
            stream: no role
            stream: citations in the last event
            stream-reasoning: the other name of reasoning in all events
            stream-reasoning: reasoning and content in another order
            stream: an event of the type message (control)
            stream: an id and a retry (control)
            stream: no space behind data: (control)
            stream: two spaces behind data: (control)
            stream: a comment (control)
            stream: CR LF (control)
            stream: a blank line before (control)
            stream: a blank line more between events (control)
            stream: white space in an event (control)
            stream: no blank line behind the end
            stream: no line end behind the end
            stream: a false receipt in a line of two spaces (control)
            chat, Bundle: the weakest source moves to another fact
            chat, Bundle: no environment
            chat, Separate: another source of a fact
            chat: another spelling of a number
            chat: n added, null
            chat: a user (control)
            chat: white space around the request (control)
            chat: a receipt in the answer
            chat: a statement in the answer
            chat: receipt_id and statement in the answer
            completion-n2-logprobs: a null number becomes NaN
            chat: a byte order mark before the request (control)
        INCONCLUSIVE
            stream: no end
            stream: no end, and a false event without a blank line
            stream: no end, and a false event without a line end
            stream: no end, and a false error without a blank line
            stream-bare: no end, the last event without a blank line
            completion: a seed where none was sent
            chat: Messages beside messages
            chat: n added
            chat: an unknown member
        SIGNED
            chat, Bundle: no response
            chat, Bundle: no request
        INCOMPLETE
            stream-broken, Separate: another answer for a receipt of a broken one
        UNUSABLE
            chat, Bundle: the false answer stands in choices
            chat, Bundle: choices null
            chat, Bundle: choices empty
            chat, Bundle: a statement beside the receipt
        """;

    private static readonly Dictionary<string, string> ByName = Read();

    /// <summary>
    /// Accepted although one of the clients shows something else of it, with the reason why that deceives nobody.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ShownAndValid { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["chat: a receipt in the answer"] = NotTheBundles,
            ["completion-n2-logprobs: a null number becomes NaN"] = "NaN counts as null, and engines write both",
            ["chat: a byte order mark before the request (control)"] = "A byte order mark is no part of a request",
        };

    public static string Of(string alteration) => ByName.GetValueOrDefault(alteration, Usual);

    /// <summary>Names for which there is no alteration.</summary>
    public static IEnumerable<string> Unknown(IReadOnlySet<string> alterations) =>
        ByName.Keys.Where(name => !alterations.Contains(name));

    private static Dictionary<string, string> Read()
    {
        var byName = new Dictionary<string, string>(StringComparer.Ordinal);
        string verdict = Usual;
        foreach (string line in Named.Split('\n'))
        {
            if (line.StartsWith(' '))
                byName.Add(line.Trim(), verdict);
            else
                verdict = line;
        }
        return byName;
    }
}
