using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DeterministicInference.Receipts;

/// <summary>What a salt opens; its name in the formats is in lower case.</summary>
internal enum SaltLabel
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

    /// <summary>The commitment to the members of an answer that are not read.</summary>
    Extras,
}

/// <summary>
/// The salts of a receipt's commitments: one for each label, all derived from the receipt's salt
/// (<c>HKDF-Expand(salt, "dis-salt/1 LABEL", 32)</c> with SHA-256, RFC 5869). Some of them alone open their commitments
/// and tell nothing about the others. Safe for use by several threads.
/// </summary>
internal sealed class ReceiptSalts
{
    private static readonly SaltLabel[] Labels = Enum.GetValues<SaltLabel>();

    private static readonly byte[][] Infos =
    [
        .. Labels.Select(label => Encoding.ASCII.GetBytes("dis-salt/1 " + NameOf(label))),
    ];

    private const int IdTimeBytes = sizeof(uint),
        IdBytes = 12;

    private static readonly byte[] IdInfo = Encoding.ASCII.GetBytes("dis-salt/1 id");

    private readonly Salt?[] _salts = new Salt?[Labels.Length];

    private ReceiptSalts(Salt? root) => Root = root;

    /// <summary>The receipt's salt, which gives all; null if only some of them are known.</summary>
    public Salt? Root { get; }

    /// <summary>The labels whose salt is known.</summary>
    public IEnumerable<SaltLabel> Known => Labels.Where(label => this[label] is not null);

    /// <summary>
    /// The id of the receipt: the second at which its answer began (32 bits) and 96 bits that the salt gives
    /// (<c>HKDF-Expand(salt, "dis-salt/1 id", 12)</c>), in 32 hexadecimal digits. The time keeps neighbours together in
    /// a store's index.
    /// </summary>
    /// <exception cref="InvalidOperationException">The receipt's salt is not known.</exception>
    public string CreateId(DateTimeOffset began)
    {
        if (Root is null)
            throw new InvalidOperationException("Some salts give no id.");
        Span<byte> id = stackalloc byte[IdTimeBytes + IdBytes];
        BinaryPrimitives.WriteUInt32BigEndian(id, unchecked((uint)began.ToUnixTimeSeconds()));
        Expand(Root, IdInfo, id[IdTimeBytes..]);
        return Convert.ToHexStringLower(id);
    }

    /// <summary>
    /// Whether the receipt's salt is the one of a receipt with this id; null if the receipt's salt is not known.
    /// </summary>
    public bool? Gives(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (Root is null)
            return null;
        Span<byte> derived = stackalloc byte[IdBytes];
        Expand(Root, IdInfo, derived);
        return id.Length == 2 * (IdTimeBytes + IdBytes)
            && id.EndsWith(Convert.ToHexStringLower(derived), StringComparison.Ordinal);
    }

    /// <summary>The salt of a label; null if it is not known.</summary>
    public Salt? this[SaltLabel label] => _salts[(int)label] ??= Root is null ? null : Derive(Root, label);

    /// <summary>All salts.</summary>
    /// <param name="root">The receipt's.</param>
    public static ReceiptSalts Of(Salt root)
    {
        ArgumentNullException.ThrowIfNull(root);
        return new ReceiptSalts(root);
    }

    /// <summary>No salts: nothing can be opened.</summary>
    public static ReceiptSalts None { get; } = new(root: null);

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

    private static Salt Derive(Salt root, SaltLabel label)
    {
        Span<byte> derived = stackalloc byte[Salt.Size];
        Expand(root, Infos[(int)label], derived);
        return new Salt(derived);
    }

    private static void Expand(Salt root, byte[] info, Span<byte> derived) =>
        HKDF.Expand(HashAlgorithmName.SHA256, root.Bytes, derived, info);
}
