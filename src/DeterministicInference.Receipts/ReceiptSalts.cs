using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>What a salt opens; its name in the formats is in lower case.</summary>
public enum SaltLabel
{
    /// <summary>The commitment to the request.</summary>
    Request,

    /// <summary>The commitment to the output.</summary>
    Output,

    /// <summary>The commitment to log-probabilities.</summary>
    Logprobs,

    /// <summary>The chain of the generated tokens.</summary>
    Tokens,

    /// <summary>The digest of the prompt's tokens.</summary>
    Prompt,
}

/// <summary>
/// The salts of a receipt's commitments: one for each label, all derived from the receipt's salt
/// (<c>HKDF-Expand(salt, "dis-salt/1 LABEL", 32)</c> with SHA-256, RFC 5869). Some of them alone open their commitments
/// and tell nothing about the others. Safe for use by several threads.
/// </summary>
public sealed class ReceiptSalts
{
    private static readonly SaltLabel[] Labels = Enum.GetValues<SaltLabel>();

    private static readonly byte[][] Infos =
    [
        .. Labels.Select(label => Encoding.ASCII.GetBytes("dis-salt/1 " + NameOf(label))),
    ];

    private const int IdBytes = 16;

    private static readonly byte[] IdInfo = Encoding.ASCII.GetBytes("dis-salt/1 id");

    private readonly Salt?[] _salts = new Salt?[Labels.Length];

    private ReceiptSalts(Salt? root) => Root = root;

    /// <summary>The receipt's salt, which gives all; null if only some of them are known.</summary>
    public Salt? Root { get; }

    /// <summary>The labels whose salt is known.</summary>
    public IEnumerable<SaltLabel> Known => Labels.Where(label => this[label] is not null);

    /// <summary>
    /// The receipt's id, which its salt gives: 32 hexadecimal digits (<c>HKDF-Expand(salt, "dis-salt/1 id", 16)</c>).
    /// So a salt shows whether it is the one of a statement; null if the receipt's salt is not known.
    /// </summary>
    public string? ReceiptId => Root is null ? null : Convert.ToHexStringLower(Expand(Root, IdInfo, IdBytes));

    /// <summary>The salt of a label; null if it is not known.</summary>
    public Salt? this[SaltLabel label] => _salts[(int)label] ??= Root is null ? null : Derive(Root, label);

    /// <summary>All salts.</summary>
    /// <param name="root">The receipt's.</param>
    public static ReceiptSalts Of(Salt root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return new ReceiptSalts(root);
    }

    /// <summary>Some salts.</summary>
    public static ReceiptSalts Of(IReadOnlyDictionary<SaltLabel, Salt> salts)
    {
        ArgumentNullException.ThrowIfNull(salts);
        var some = new ReceiptSalts(null);
        foreach ((SaltLabel label, Salt salt) in salts)
            some._salts[(int)label] = salt;
        return some;
    }

    /// <summary>Those of these labels that are known, without the receipt's salt.</summary>
    public ReceiptSalts Only(params IEnumerable<SaltLabel> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return Of(labels.Where(label => this[label] is not null).ToDictionary(label => label, label => this[label]!));
    }

    /// <summary>The name of a label in the formats.</summary>
    public static string NameOf(SaltLabel label) => label.ToString().ToLowerInvariant();

    /// <summary>The label of that name; null if there is none.</summary>
    public static SaltLabel? LabelOf(string name) =>
        Array.Find(Labels, label => NameOf(label) == name) is var found && NameOf(found) == name ? found : null;

    private static Salt Derive(Salt root, SaltLabel label) => new(Expand(root, Infos[(int)label], Salt.Size));

    private static byte[] Expand(Salt root, byte[] info, int length)
    {
        var derived = new byte[length];
        HKDF.Expand(HashAlgorithmName.SHA256, root.Bytes, derived, info);
        return derived;
    }
}
