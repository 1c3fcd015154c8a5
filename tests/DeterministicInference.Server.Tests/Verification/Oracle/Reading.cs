using System.Text;

namespace DeterministicInference.Server.Tests.Verification.Oracle;

/// <summary>What a client shows of an exchange: texts by field. What shows nothing is not there.</summary>
internal sealed class Reading
{
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
                _fields[prefix + field] = text ?? "[nothing]";
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
        bool hasEnvironment = other._fields.Keys.Any(IsOfEnvironment);
        foreach (string field in _fields.Keys.Union(other._fields.Keys).Order(StringComparer.Ordinal))
        {
            string? was = _fields.GetValueOrDefault(field),
                now = other._fields.GetValueOrDefault(field);
            if (was != now && (hasEnvironment || now is not null || !IsOfEnvironment(field)))
                return (field, was, now);
        }
        return null;
    }

    private static bool IsOfEnvironment(string field) => field.Contains(EnvironmentMark, StringComparison.Ordinal);

    private static string WellFormed(string text)
    {
        int half = 0;
        while (half < text.Length && !char.IsSurrogate(text[half]))
            half++;
        return half == text.Length ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }
}
