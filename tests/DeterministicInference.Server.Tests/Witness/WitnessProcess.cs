using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using DeterministicInference.Receipts.Log;
using Xunit;

namespace DeterministicInference.Server.Tests.Witness;

/// <summary>A running <c>witness</c> command.</summary>
internal sealed class WitnessProcess : ServerProcess
{
    private WitnessProcess(Process process)
        : base(process) { }

    /// <summary>Its verifier keys: Ed25519, then ML-DSA-44.</summary>
    public IReadOnlyList<CosignerKey> Keys { get; private set; } = [];

    /// <summary>Starts one on a free port and returns once it listens.</summary>
    /// <param name="folder">Its data folder.</param>
    /// <param name="log">A verifier key, or a file of them.</param>
    /// <param name="port">The port; null for a free one.</param>
    /// <param name="arguments">Further options.</param>
    public static async Task<WitnessProcess> StartAsync(
        string folder,
        string log,
        int? port = null,
        params string[] arguments
    )
    {
        string address = $"127.0.0.1:{port ?? FreePort.Next()}";
        var witness = new WitnessProcess(
            ServerProgram.Built.Start([
                "witness",
                "--data-dir",
                folder,
                "--log",
                log,
                "--listen",
                address,
                .. arguments,
            ])
        );
        witness.ListensAt($"http://{address}");
        try
        {
            await witness.Log.FindAsync(line => line.Contains("Listening on ", StringComparison.Ordinal)).Within();
            string keys = (await witness.Api.GetAsync("/vkey")).Body;
            witness.Keys = [.. keys.TrimEnd('\n').Split('\n').Select(CosignerKey.Parse)];
            return witness;
        }
        catch (Exception e)
        {
            witness.Abandon();
            throw new InvalidOperationException(
                $"The witness did not start: {string.Join('\n', [.. witness.Log.Lines, .. witness.ErrorLines])}",
                e
            );
        }
    }

    /// <summary>Asks for cosignatures.</summary>
    public Task<Reply> AddAsync(TestLog log, long from, long to) =>
        AddAsync(AddCheckpointRequest.Write(from, log.Consistency(from, to), log.Checkpoint(to).ToString()));

    public Task<Reply> AddAsync(string body) => AddAsync(Encoding.UTF8.GetBytes(body));

    public Task<Reply> AddAsync(byte[] body) =>
        Api.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/add-checkpoint")
            {
                Content = new ByteArrayContent(body)
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("text/plain") },
                },
            }
        );

    /// <summary>Asks for cosignatures, which must come, by both keys.</summary>
    public async Task CosignsAsync(TestLog log, long from, long to)
    {
        Reply reply = await AddAsync(log, from, to);
        Assert.True(reply.Status == HttpStatusCode.OK, $"{reply.Status}: {reply.Body}");
        SignedNote cosigned = log.Checkpoint(to).With(SignedNote.ParseSignatures(reply.Body));
        Assert.All(Keys, key => Assert.True(key.CosignedAt(cosigned) > 1_700_000_000));
        Assert.Equal(2, SignedNote.ParseSignatures(reply.Body).Count);
    }
}
