namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Origins of web pages as a browser sends them: scheme, host and, unless it is the scheme's own, the port; or <c>*</c>.</summary>
internal sealed class OriginsValue() : WordsValue("ORIGINS")
{
    public override string? Read(string text, out IReadOnlyList<string> value)
    {
        if (base.Read(text, out value) is { } complaint) return complaint;
        if (value.Contains("*") && value.Count > 1) return "has * beside other origins. Give * alone for every origin, or only the others.";
        var origins = new List<string>();
        foreach (string word in value)
        {
            if (word == "*") origins.Add(word);
            else if (word.Contains('@')) return "has a user name or password, which is no part of an origin. Give SCHEME://HOST or SCHEME://HOST:PORT.";
            else if (Origin(word) is not { } origin) return $"has '{word}', which is no origin. Give SCHEME://HOST or SCHEME://HOST:PORT, such as https://app.example.";
            else if (word.EndsWith('/') || new Uri(word).AbsolutePath.Length > 1) return $"has '{word}', which has a path. Give {origin}.";
            else origins.Add(origin);
        }
        value = origins;
        return null;
    }

    /// <summary>An origin has nothing to hide; what was meant to be one may have a password.</summary>
    public override string Redact(string text) => text.Contains('@') ? SecretArguments.Mask : text;

    private static string? Origin(string word)
    {
        if (!Uri.TryCreate(word, UriKind.Absolute, out Uri? url) || url.Host.Length == 0 || !word.Contains("://", StringComparison.Ordinal)) return null;
        if (url.Query.Length > 0 || url.Fragment.Length > 0) return null;
        string host = url.HostNameType == UriHostNameType.IPv6 ? url.Host : url.IdnHost;
        return url.IsDefaultPort ? $"{url.Scheme}://{host}" : $"{url.Scheme}://{host}:{url.Port}";
    }
}
