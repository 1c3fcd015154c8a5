namespace DeterministicInference.Server.Proxy;

/// <summary>Headers about receipts.</summary>
internal static class ReceiptHeaders
{
    /// <summary>Names the answer's receipt.</summary>
    public const string Id = "X-Receipt-Id";

    /// <summary>RFC 9530, of the body as it is sent. It is not signed.</summary>
    public const string ContentDigest = "Content-Digest";

    /// <summary>With the value <c>header</c> a stream has no line with the receipt: some gateways drop comments, or make data of them.</summary>
    private const string Form = "X-Receipt";

    public static bool AsksForHeaderOnly(HttpRequest request) => string.Equals(request.Headers[Form], "header", StringComparison.OrdinalIgnoreCase);
}
