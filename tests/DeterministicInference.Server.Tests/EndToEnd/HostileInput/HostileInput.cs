using System.Text;

namespace DeterministicInference.Server.Tests.EndToEnd.HostileInput;

/// <summary>Bytes from a client, and the required outcome.</summary>
/// <param name="Group">Heading in the documentation.</param>
/// <param name="Name">Unique name.</param>
/// <param name="Request">The bytes.</param>
/// <param name="Status">Of the answer; 0 for a connection that is closed without one.</param>
internal sealed record HostileInput(string Group, string Name, byte[] Request, int Status)
{
    /// <summary>The error's code.</summary>
    public string? Code { get; init; }

    /// <summary>The error's param.</summary>
    public string? Param { get; init; }

    /// <summary>Whether Kestrel itself answers, without a body.</summary>
    public bool IsBare { get; init; }

    /// <summary>Whether the connection ends with the answer.</summary>
    public bool Closes { get; init; }

    /// <summary>Whether the limit for bodies is <see cref="HostileGateway.SmallLimit"/>.</summary>
    public bool IsSmall { get; init; }

    /// <summary>Requests that reach the engine: one for status 200, unless set.</summary>
    public int Forwarded { get; init; } = Status == 200 ? 1 : 0;

    public static HostileInput Completion(
        string group,
        string name,
        string json,
        int status,
        string? code = null,
        string? param = null
    ) =>
        new(group, name, Bytes(RawConnection.Post(ApiClient.Completions, json)), status) { Code = code, Param = param };

    public static HostileInput Chat(
        string group,
        string name,
        string json,
        int status,
        string? code = null,
        string? param = null
    ) => new(group, name, Bytes(RawConnection.Post(ApiClient.Chat, json)), status) { Code = code, Param = param };

    /// <summary>A head of which every line is given, and a body.</summary>
    public static HostileInput Raw(string group, string name, string text, int status) =>
        new(group, name, Bytes(text), status);

    /// <summary>Latin 1, so that a test can name every byte.</summary>
    public static byte[] Latin(string text) => Encoding.Latin1.GetBytes(text);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
