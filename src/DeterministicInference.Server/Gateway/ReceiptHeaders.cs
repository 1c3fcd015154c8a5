namespace DeterministicInference.Server.Gateway;

/// <summary>Headers about receipts.</summary>
internal static class ReceiptHeaders
{
    /// <summary>Id of the answer's receipt.</summary>
    public const string Id = "X-Receipt-Id";

    /// <summary>Digest of the body as it is sent (RFC 9530, section 2). It is not signed.</summary>
    public const string ContentDigest = "Content-Digest";

    /// <summary>
    /// With the value <c>header</c> the client asks for a stream without comment lines, as with the member
    /// <c>receipt</c>: some gateways drop comments or turn them into data.
    /// </summary>
    private const string Form = "X-Receipt";

    public static bool AsksForHeaderOnly(HttpRequest request) =>
        string.Equals(request.Headers[Form], "header", StringComparison.OrdinalIgnoreCase);
}
