using System.Diagnostics.CodeAnalysis;

namespace DeterministicInference.Receipts.Trust;

/// <summary>What a receipt must have besides a trusted log's signature.</summary>
public enum TrustRequirement
{
    /// <summary>The signature alone. It is the least that VALID says.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The requirement's name is signed.")]
    Signed,

    /// <summary>The log contains the statement. Each receipt proves it.</summary>
    Logged,

    /// <summary>The quorum of the policy has cosigned.</summary>
    Witnessed,

    /// <summary>A server has reproduced the answer.</summary>
    Replayed,
}

/// <summary>The words of requirements in files and on the command line.</summary>
internal static class TrustRequirementName
{
    /// <summary>In the order of the levels.</summary>
    public static IReadOnlyList<string> All { get; } =
    [.. Enum.GetNames<TrustRequirement>().Select(name => name.ToLowerInvariant())];

    /// <summary>The requirement of that word.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static TrustRequirement Parse(string word)
    {
        int at = All.ToList().IndexOf(word);
        return at >= 0
            ? (TrustRequirement)at
            : throw new FormatException($"'{word}' is none of {string.Join(", ", All)}");
    }
}
