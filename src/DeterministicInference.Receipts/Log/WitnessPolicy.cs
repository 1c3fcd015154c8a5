namespace DeterministicInference.Receipts.Log;

/// <summary>
/// Which logs are known, which witnesses, and which of these must have cosigned a checkpoint (C2SP tlog-policy).
/// Immutable.
/// </summary>
internal sealed class WitnessPolicy
{
    private readonly IReadOnlyList<PolicyGroup> _groups;
    private readonly string? _quorum;

    internal WitnessPolicy(
        IReadOnlyList<PolicyLog> logs,
        IReadOnlyList<PolicyWitness> witnesses,
        IReadOnlyList<PolicyGroup> groups,
        string? quorum
    ) => (Logs, Witnesses, _groups, _quorum) = (logs, witnesses, groups, quorum);

    /// <summary>Any one of them signs; empty where the logs are known from elsewhere.</summary>
    public IReadOnlyList<PolicyLog> Logs { get; }

    /// <summary>In the order of the file, also those that the quorum does not need.</summary>
    public IReadOnlyList<PolicyWitness> Witnesses { get; }

    /// <summary>Reads a policy file.</summary>
    /// <param name="octets">The whole file.</param>
    /// <exception cref="LogFormatException">It has another form; the message begins with the line's number.</exception>
    public static WitnessPolicy Parse(ReadOnlySpan<byte> octets) => new WitnessPolicyReader().Read(octets);

    /// <summary>Whether the policy accepts checkpoints of a log: it lists the log, or none.</summary>
    public bool Accepts(NoteKey log)
    {
        ArgumentNullException.ThrowIfNull(log);
        return Logs.Count == 0 || Logs.Any(known => known.Key?.ToString() == log.ToString());
    }

    /// <summary>Finds who of the witnesses has cosigned a checkpoint, and whether that is a quorum.</summary>
    /// <param name="checkpoint">The signed note. Whether it is signed by its log is not checked.</param>
    /// <exception cref="LogFormatException">
    /// A signature has the name and id of a witness and is not by it, which makes the note worthless, or the text is no
    /// checkpoint.
    /// </exception>
    public WitnessedCheckpoint Evaluate(SignedNote checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        List<WitnessCosignature> cosignatures = [];
        foreach (PolicyWitness witness in Witnesses)
        {
            // Without a time it is no statement of a witness that this was the largest checkpoint it has seen.
            if (witness.Key.CosignedAt(checkpoint) is > 0 and var timestamp)
                cosignatures.Add(new WitnessCosignature(witness, timestamp));
        }
        return new WitnessedCheckpoint(cosignatures, IsQuorum(cosignatures.Select(found => found.Witness)));
    }

    /// <summary>Whether these witnesses are enough.</summary>
    public bool IsQuorum(IEnumerable<PolicyWitness> witnesses)
    {
        if (_quorum is null)
            return true;
        var met = new HashSet<string>(witnesses.Select(witness => witness.Octets), StringComparer.Ordinal);
        // A group names only what stands before it.
        foreach (PolicyGroup group in _groups)
        {
            if (group.Members.Count(met.Contains) >= group.Threshold)
                met.Add(group.Name);
        }
        return met.Contains(_quorum);
    }
}

/// <summary>A log of a policy.</summary>
/// <param name="Name">Its origin.</param>
/// <param name="Key">Its key; null if it is of a type that only other logs sign with (ML-DSA-44).</param>
/// <param name="Url">What the policy says of its address, not checked; null for nothing.</param>
internal sealed record PolicyLog(string Name, NoteKey? Key, string? Url);

/// <summary>A witness of a policy.</summary>
/// <param name="Name">The policy's name for it, which has no meaning elsewhere.</param>
/// <param name="Key">What verifies its cosignatures.</param>
/// <param name="Url">Its submission prefix, not checked; null if the policy names none.</param>
internal sealed record PolicyWitness(string Name, CosignerKey Key, string? Url)
{
    /// <summary>The name as the file has it, one character per octet.</summary>
    internal string Octets { get; init; } = Name;
}

/// <summary>A group of a policy.</summary>
/// <param name="Name">The policy's name for it, one character per octet.</param>
/// <param name="Threshold">Members that must have witnessed.</param>
/// <param name="Members">Names of witnesses and groups, likewise.</param>
internal sealed record PolicyGroup(string Name, int Threshold, IReadOnlyList<string> Members);

/// <summary>A verified cosignature.</summary>
/// <param name="Witness">Whose.</param>
/// <param name="Timestamp">When, in seconds since 1970.</param>
internal sealed record WitnessCosignature(PolicyWitness Witness, long Timestamp);

/// <summary>Who has cosigned a checkpoint.</summary>
/// <param name="Cosignatures">Of the policy's witnesses, in its order.</param>
/// <param name="HasQuorum">Whether they are enough.</param>
internal sealed record WitnessedCheckpoint(IReadOnlyList<WitnessCosignature> Cosignatures, bool HasQuorum);
