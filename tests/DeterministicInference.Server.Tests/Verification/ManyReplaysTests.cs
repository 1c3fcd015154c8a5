using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// Mixed answers of one server are computed again by others: after a restart, and on processors without this or that.
/// </summary>
public sealed class ManyReplaysTests
{
    private static readonly int Count = LongRun.Times(usually: 60, atLength: 200);

    private static readonly string[] Words = ["tell", "me", "a", "story", "about", "seven", "cats"];

    /// <summary>Variables of the runtime that take instruction sets away; none for a plain restart.</summary>
    private static readonly string[] Machines =
    [
        "",
        "DOTNET_EnableAVX512",
        "DOTNET_EnableAVX2",
        "DOTNET_EnableHWIntrinsic",
    ];

    [Fact]
    public async Task Mixed_answers_are_reproduced_after_restarts_and_without_instruction_sets()
    {
        var launch = new ServeLaunch();
        var exchanges = new RecordedExchange[Count];
        await using (ServeProcess first = await StartAsync(launch, ""))
        {
            for (int i = 0; i < Count; i++)
            {
                (string path, string request) = Request(i);
                exchanges[i] = await RecordedExchange.AskAsync(first.Api, request, path);
            }
        }
        for (int machine = 0; machine < Machines.Length; machine++)
        {
            await using ServeProcess server = await StartAsync(launch, Machines[machine]);
            // Each answer on one of them; on all where there is time.
            bool all = LongRun.Times(usually: 0, atLength: 1) == 1;
            for (int i = 0; i < Count; i++)
            {
                // In threes, as what is asked for alternates in twos and fours.
                if (!all && i / 3 % Machines.Length != machine)
                    continue;
                Verified verified = await exchanges[i].VerifyAsync("--against", server.Url);
                Assert.True(
                    verified.ExitCode == 0 && verified.FirstLine.StartsWith("REPRODUCED", StringComparison.Ordinal),
                    $"{Request(i)} {Machines[machine]}\n{verified.Text}"
                );
            }
        }
    }

    private static async Task<ServeProcess> StartAsync(ServeLaunch launch, string without)
    {
        ServeProcess server = await ServeProcess.StartAsync(
            ServerProgram.Built,
            ["--backend", "embedded", "--model-path", TestModels.Chat],
            without.Length == 0 ? [] : [(without, "0")],
            launch: launch
        );
        await server.ReadyAsync("Embedded engine");
        return server;
    }

    /// <summary>
    /// Both routes, both deliveries, all temperatures, several choices, stop texts, log probabilities.
    /// </summary>
    private static (string Path, string Json) Request(int i)
    {
        bool isChat = i % 2 == 0;
        string words = string.Join(
            ' ',
            Enumerable.Range(0, 1 + i % 7).Select(word => Words[(i + word) % Words.Length])
        );
        List<string> members =
        [
            isChat ? $"\"messages\":[{{\"role\":\"user\",\"content\":\"{words}\"}}]" : $"\"prompt\":\"{words}\"",
            $"\"max_tokens\":{3 + i % 11}",
            $"\"temperature\":{(i % 5) * 0.4:0.0}",
        ];
        if (i % 3 != 0)
            members.Add($"\"seed\":{i * 7919}");
        if (i % 4 == 1)
            members.Add("\"n\":2");
        if (i % 6 == 2)
            members.Add("\"stop\":[\".\"]");
        if (i % 8 == 3)
            members.Add("\"logprobs\":1");
        if (i % 8 == 4)
            members.Add("\"logprobs\":true");
        if (i % 7 == 5)
            members.Add("\"top_p\":0.9");
        if (i / 2 % 2 == 1)
            members.Add("\"stream\":true");
        return (isChat ? ApiClient.Chat : ApiClient.Completions, "{" + string.Join(',', members) + "}");
    }
}
