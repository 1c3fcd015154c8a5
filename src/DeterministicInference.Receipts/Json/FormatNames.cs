namespace DeterministicInference.Receipts.Json;

/// <summary>The word of a choice in a document.</summary>
internal static class FormatNames
{
    public static string Of<T>(IReadOnlyDictionary<string, T> names, T value)
        where T : struct, Enum => names.First(name => EqualityComparer<T>.Default.Equals(name.Value, value)).Key;
}
