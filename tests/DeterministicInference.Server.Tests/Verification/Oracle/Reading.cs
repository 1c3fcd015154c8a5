using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>What a client shows of an exchange: texts by field. What shows nothing is not there.</summary>
internal sealed partial class Reading
{
    private const string Nothing = "[nothing]";

    /// <summary>In the names of the fields of a document of an environment.</summary>
    public const string EnvironmentMark = " environment ";

    private readonly Dictionary<string, string> _fields = [];

    private readonly SortedSet<string> _statements = new(StringComparer.Ordinal);

    /// <summary>Adds a field that shows something. Half of a surrogate pair is shown as U+FFFD.</summary>
    public void Show(string field, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return;
        _fields[field] = WellFormed(text);
    }

    /// <summary>Adds the statement of a receipt; one that stands in several places is shown once.</summary>
    public void ShowStatement(string? statement)
    {
        if (statement is not null && _statements.Add(statement))
            Show("statements of receipts", string.Join('\n', _statements));
    }

    /// <summary>Adds all fields of another reading.</summary>
    public void Take(Reading other, string prefix)
    {
        foreach ((string field, string text) in other._fields)
            _fields[prefix + field] = text;
    }

    /// <summary>Adds the fields in which one of two readings differs from the usual one.</summary>
    public void TakeOthers(Reading other, Reading usual, string prefix)
    {
        foreach (string field in usual._fields.Keys.Union(other._fields.Keys))
        {
            string? text = other._fields.GetValueOrDefault(field);
            if (text != usual._fields.GetValueOrDefault(field))
                _fields[prefix + field] = text ?? Nothing;
        }
    }

    /// <summary>
    /// The first field that differs, with both texts; null if there is none. A document of an environment may be left
    /// out.
    /// </summary>
    public (string Field, string? Was, string? Is)? FirstDifference(Reading other)
    {
        bool isSame =
            _fields.Count == other._fields.Count
            && _fields.All(field => other._fields.GetValueOrDefault(field.Key) == field.Value);
        if (isSame)
            return null;
        // A client to which the honest text is broken is no measure.
        bool breaksHonest = _fields.Keys.Any(IsCutAtUnicode);
        bool hasEnvironment = other._fields.Keys.Any(IsOfEnvironment);
        foreach (string field in _fields.Keys.Union(other._fields.Keys).Order(StringComparer.Ordinal))
        {
            string? was = _fields.GetValueOrDefault(field),
                now = other._fields.GetValueOrDefault(field);
            if (
                was != now
                && (hasEnvironment || now is not null || !IsOfEnvironment(field))
                && !IsOpen(field, was, now)
                && !(breaksHonest && IsCutAtUnicode(field))
            )
                return (field, was, now);
        }
        return null;
    }

    /// <summary>
    /// Whether <c>verify</c> says of the field that it was not compared: what is not given, ids where the statement
    /// binds none, and the server's own word for its environment.
    /// </summary>
    private static bool IsOpen(string field, string? was, string? now) =>
        EnvironmentField().IsMatch(field)
        || (now is null or Nothing or "[null,]" && WithheldField().IsMatch(field))
        // The one role that an answer has.
        || (was is null or Nothing && now is "assistant" && field.EndsWith(" role", StringComparison.Ordinal))
        || (was is null or Nothing && IdField().IsMatch(field))
        || (was is null && now is "{}" or "[]")
        || (now is null && was is "[]" && NeutralField().IsMatch(field))
        || (was is null && BesideField().IsMatch(field))
        || (IsOfEnvironment(field) && (was is null || WithoutSource(was) == WithoutSource(now)))
        || (
            field.Contains("request ", StringComparison.Ordinal)
            && double.TryParse(was, CultureInfo.InvariantCulture, out double number)
            && double.TryParse(now, CultureInfo.InvariantCulture, out double other)
            && number.Equals(other)
        );

    /// <summary>Of the sources of facts the weakest alone is bound.</summary>
    private static string? WithoutSource(string? fact) => fact?.Split(" (")[0];

    /// <summary>Members of the answer itself that the report names as never compared.</summary>
    [GeneratedRegex(
        @"^(file|response|file response)( stream)? (environment|citations|sources|annotations|audio|thinking|reasoning_details|images|delivery|path|request|content type)$"
    )]
    private static partial Regex EnvironmentField();

    /// <summary>What a client would find in members of an answer by the names of a bundle's.</summary>
    [GeneratedRegex("^(file|response|file response) (response|request) ")]
    private static partial Regex BesideField();

    [GeneratedRegex(@"(^| )(usage \w+|model|role|logprobs \w+|tool \d+ type|\w+_ids)$")]
    private static partial Regex WithheldField();

    /// <summary>Members of a request that say nothing with an empty list (docs/determinism.md).</summary>
    [GeneratedRegex("(^| )request (tools|functions)$")]
    private static partial Regex NeutralField();

    [GeneratedRegex(@"(^| )\w+_ids$")]
    private static partial Regex IdField();

    private static bool IsCutAtUnicode(string field) => field.Contains("cut as UnicodeLines", StringComparison.Ordinal);

    private static bool IsOfEnvironment(string field) => field.Contains(EnvironmentMark, StringComparison.Ordinal);

    private static string WellFormed(string text)
    {
        int half = 0;
        while (half < text.Length && !char.IsSurrogate(text[half]))
            half++;
        return half == text.Length ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }
}
