using System.Net;
using System.Net.Sockets;

namespace DeterministicInference.Server.Configuration.Values;

/// <summary>
/// An IP address (IPv6 also in brackets), <c>localhost</c> or, where names are allowed, another host name.
/// </summary>
/// <param name="allowsNames">
/// Whether host names are allowed. Not for an address to listen on, as a name may resolve to any number of addresses.
/// </param>
internal sealed class HostValue(bool allowsNames) : ValueKind<string>
{
    public override string Placeholder => "HOST";

    public override string? Read(string text, out string value)
    {
        value = text.Trim();
        if (value is ['[', .., ']'] && value.Contains(':'))
            value = value[1..^1];
        if (IsAddress(value))
            return null;
        if (value.Equals("localhost", StringComparison.OrdinalIgnoreCase))
        {
            value = "localhost";
            return null;
        }
        if (!allowsNames)
            return "is not an IP address. Give 127.0.0.1, ::1, 0.0.0.0 or localhost.";
        return value.All(c => char.IsAsciiDigit(c) || c == '.') || Uri.CheckHostName(value) != UriHostNameType.Dns
            ? "is neither an IP address nor a host name. Give 127.0.0.1, ::1, 0.0.0.0 or localhost."
            : null;
    }

    public override string Write(string value) => value;

    // The parser also accepts shorthands such as "1" for 0.0.0.1, which no user means.
    private static bool IsAddress(string text) =>
        IPAddress.TryParse(text, out IPAddress? address)
        && (address.AddressFamily == AddressFamily.InterNetworkV6 ? text[0] != '[' : text.Count(c => c == '.') == 3);
}
