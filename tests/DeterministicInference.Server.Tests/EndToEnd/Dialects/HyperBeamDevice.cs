using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace DeterministicInference.Server.Tests.EndToEnd.Dialects;

/// <summary>
/// Asks a server as HyperBEAM's inference device does (apuslabs/hb-apus-devices, dev_inference.erl): a body of listed
/// members, whose values may be texts because they come from HTTP; answers through a relay that keeps status, type and
/// body; streams as raw bytes.
/// </summary>
internal sealed class HyperBeamDevice(string url)
{
    /// <summary>Silence after which the device ends a stream without an error.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Members of a message that the device sends on; every other one stays behind.</summary>
    private static readonly string[] Listed =
    [
        "model",
        "prompt",
        "messages",
        "max_tokens",
        "temperature",
        "top_p",
        "n",
        "stream",
        "stop",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "user",
        "seed",
        "top_k",
        "repetition_penalty",
        "length_penalty",
        "early_stopping",
        "tools",
        "tool_choice",
    ];

    /// <summary>What is posted of a message.</summary>
    /// <param name="message">What the device was given.</param>
    /// <param name="others">Members that go on beyond the list.</param>
    public static string BodyOf(JsonObject message, params string[] others) =>
        new JsonObject(
            message
                .Where(member => Listed.Contains(member.Key) || others.Contains(member.Key))
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        ).ToJsonString();

    /// <summary>Posts a message and returns what the relay leaves of the answer.</summary>
    /// <param name="path">Of the server.</param>
    /// <param name="body">See <see cref="BodyOf"/>.</param>
    public async Task<(int Status, string Type, string Body)> RelayAsync(string path, string body)
    {
        using RawConnection connection = await PostAsync(path, body);
        (string head, string answer) = await connection.ReadAnswerAsync();
        return (int.Parse(head.Split(' ')[1], CultureInfo.InvariantCulture), Header(head, "Content-Type"), answer);
    }

    /// <summary>
    /// Streams an answer: status and headers are not looked at, the bytes of the body go on as they are.
    /// </summary>
    /// <param name="path">Of the server.</param>
    /// <param name="body">See <see cref="BodyOf"/>.</param>
    /// <param name="whenSilent">Is called when the first comment comes.</param>
    /// <returns>The bytes as text, once the server has said that there are no more.</returns>
    public async Task<string> StreamAsync(string path, string body, Func<Task>? whenSilent = null)
    {
        using RawConnection connection = await PostAsync(path, body);
        string head = await connection.ReadHeadAsync();
        var forwarded = new StringBuilder();
        while (true)
        {
            string size = (await connection.ReadUntilAsync("\r\n").WaitAsync(Patience))[..^2];
            // gun tells of trailers by a message that the device does not know, after which it waits for its whole
            // patience.
            Assert.DoesNotContain("trailer", head, StringComparison.OrdinalIgnoreCase);
            string piece = await connection.ReadUntilAsync("\r\n");
            if (size == "0")
            {
                Assert.Equal("\r\n", piece);
                return Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(forwarded.ToString()));
            }
            // Line feeds alone end the lines of events.
            Assert.Equal(int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture), piece.Length - 2);
            forwarded.Append(piece, 0, piece.Length - 2);
            if (whenSilent is null || !piece.StartsWith(": ka", StringComparison.Ordinal))
                continue;
            await whenSilent();
            whenSilent = null;
        }
    }

    private async Task<RawConnection> PostAsync(string path, string body)
    {
        RawConnection connection = await RawConnection.OpenAsync(url);
        await connection.SendAsync(
            RawConnection
                .Post(path, body)
                .Replace(
                    "Host: localhost\r\n",
                    "host: localhost:8080\r\nuser-agent: gun/2.1\r\n",
                    StringComparison.Ordinal
                )
        );
        return connection;
    }

    private static string Header(string head, string name) =>
        Assert.Single(head.Split("\r\n"), line => line.StartsWith(name + ": ", StringComparison.OrdinalIgnoreCase))[
            (name.Length + 2)..
        ];
}
