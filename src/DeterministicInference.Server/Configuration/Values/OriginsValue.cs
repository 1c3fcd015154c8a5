namespace DeterministicInference.Server.Configuration.Values;

/// <summary>
/// Origins of web pages as a browser sends them: scheme, host and, unless it is the scheme's default, port; or <c>*</c>
/// (https://www.rfc-editor.org/rfc/rfc6454#section-6.2).
/// </summary>
internal sealed class OriginsValue() : WordsValue("ORIGINS")
{
    public override string? Read(string text, out IReadOnlyList<string> value)
    {
        if (base.Read(text, out value) is { } complaint)
            return complaint;
        if (value.Contains("*") && value.Count > 1)
            return "has * together with other origins. Give * alone for every origin, or only the others.";
        var origins = new List<string>();
        foreach (string word in value)
        {
            if (word == "*")
                origins.Add(word);
            else if (word.Contains('@'))
                return "contains a user name or password, which an origin can't have. Give SCHEME://HOST or "
                    + "SCHEME://HOST:PORT.";
            else if (Origin(word) is not { } origin)
                return $"has '{word}', which is not an origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as "
                    + "https://app.example.";
            else if (word.EndsWith('/') || new Uri(word).AbsolutePath.Length > 1)
                return $"has '{word}', which has a path. Give {origin}.";
            else
                origins.Add(origin);
        }
        value = origins;
        return null;
    }

    /// <summary>An origin contains no secret, but a mistyped one may contain a password.</summary>
    public override string Redact(string text) => text.Contains('@') ? SecretArguments.Mask : text;

    private static string? Origin(string word)
    {
        if (
            !Uri.TryCreate(word, UriKind.Absolute, out Uri? url)
            || url.Host.Length == 0
            || !word.Contains("://", StringComparison.Ordinal)
        )
            return null;
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            return null;
        string host = url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost;
        return url.IsDefaultPort ? $"{url.Scheme}://{host}" : $"{url.Scheme}://{host}:{url.Port}";
    }
}
