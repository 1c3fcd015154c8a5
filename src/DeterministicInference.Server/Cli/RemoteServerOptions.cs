using System.CommandLine;
using DeterministicInference.Receipts.Servers;
using DeterministicInference.Server.Configuration.Values;
using DeterministicInference.Server.Http;

namespace DeterministicInference.Server.Cli;

/// <summary>Options of commands that query a running server.</summary>
internal sealed class RemoteServerOptions
{
    private static readonly DurationValue Durations = new(allowsZero: false, longestHours: 24);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(300);

    /// <param name="urlFlag">The flag for the server's address.</param>
    /// <param name="purpose">What the server is used for.</param>
    /// <param name="defaultUrl">The address that is used without the flag; null if there is none.</param>
    public RemoteServerOptions(string urlFlag, string purpose, string? defaultUrl = null)
    {
        Url = CreateUrl(urlFlag, purpose, defaultUrl);
    }

    /// <summary>An option that names a server.</summary>
    /// <inheritdoc cref="RemoteServerOptions(string, string, string?)"/>
    public static Option<string?> CreateUrl(string urlFlag, string purpose, string? defaultUrl = null)
    {
        var url = new Option<string?>(urlFlag)
        {
            HelpName = "URL",
            Description = defaultUrl is null
                ? $"{purpose}, such as http://127.0.0.1:8080."
                : $"{purpose}. Default: {defaultUrl}.",
        };
        url.Validators.Add(result =>
        {
            if (
                result.Tokens is [{ Value: var text }]
                && !(Uri.TryCreate(text, UriKind.Absolute, out Uri? read) && read.Scheme is ("http" or "https"))
            )
            {
                result.AddError($"{urlFlag}: '{text}' is not an address such as http://127.0.0.1:8080.");
            }
            else if (result.Tokens is [{ Value: var named }] && new Uri(named).UserInfo.Length > 0)
            {
                result.AddError($"{urlFlag}: has a user name or password, which are not sent. Give --api-key instead.");
            }
        });
        return url;
    }

    public Option<string?> Url { get; }

    public Option<string?> ApiKey { get; } =
        new("--api-key") { HelpName = "KEY", Description = "Key for that server." };

    public Option<string?> Timeout { get; } =
        new("--timeout")
        {
            HelpName = Durations.Placeholder,
            Description =
                "Time within which each answer of that server must be complete: seconds, or a number with a unit (30s, "
                + $"5m). Default: {Durations.Write(DefaultTimeout)}.",
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [{ Value: var text }] && Durations.Read(text, out _) is { } complaint)
                        result.AddError($"--timeout: '{text}' {complaint}");
                },
            },
        };

    public Uri? UrlOf(ParseResult parsed) => parsed.GetValue(Url) is { } text ? new Uri(text) : null;

    public TimeSpan TimeoutOf(ParseResult parsed) =>
        parsed.GetValue(Timeout) is { } text && Durations.Read(text, out TimeSpan value) is null
            ? value
            : DefaultTimeout;

    /// <summary>The server, or null if none is named.</summary>
    public ReceiptServer? ServerOf(ParseResult parsed) => UrlOf(parsed) is { } url ? ServerOf(parsed, url) : null;

    /// <summary>The server of an address.</summary>
    public ReceiptServer ServerOf(ParseResult parsed, Uri url) =>
        new(url, parsed.GetValue(ApiKey), TimeoutOf(parsed), OutgoingSocket.CreateDecodingHandler());
}
