namespace DeterministicInference.Server.Configuration.Values;

/// <summary>Scheme, host and port of an engine. Paths are added per request.</summary>
internal sealed class UrlValue : ValueKind<Uri>
{
    public override string Placeholder => "URL";

    public override string? Read(string text, out Uri value)
    {
        value = null!;
        if (
            !Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? url)
            || url.Scheme is not ("http" or "https")
            || url.Host.Length == 0
        )
        {
            return "is not a URL. Give http://HOST:PORT.";
        }
        if (url.UserInfo.Length > 0)
            return "contains a user name or password, which the server does not send. Give http://HOST:PORT.";
        value = new Uri(url.GetLeftPart(UriPartial.Authority));
        return url.PathAndQuery == "/" && url.Fragment.Length == 0
            ? null
            : $"has a path. Give only {value.GetLeftPart(UriPartial.Authority)}.";
    }

    public override string Write(Uri value) => value.GetLeftPart(UriPartial.Authority);

    public override string Redact(string text)
    {
        int at = text.LastIndexOf('@'),
            start = text.IndexOf("//", StringComparison.Ordinal);
        return at < 0
            ? text
            : string.Concat(
                start >= 0 && start < at ? text.AsSpan(0, start + 2) : "",
                SecretArguments.Mask,
                text.AsSpan(at)
            );
    }
}
