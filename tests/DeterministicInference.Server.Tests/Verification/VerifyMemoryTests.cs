using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace DeterministicInference.Server.Tests.Verification;

/// <summary>
/// A file that is verified comes from anybody: whatever is in it, <c>verify</c> answers with little memory.
/// </summary>
public sealed partial class VerifyMemoryTests : IAsyncLifetime
{
    private const int FileBytes = 64 << 20,
        MostKilobytes = 300_000;

    /// <summary>
    /// Garbage that the runtime lets grow, in hexadecimal. Without a limit it grows with the processor's cache
    /// (https://learn.microsoft.com/dotnet/core/runtime-config/garbage-collector, GCgen0size): to 350 MB with 260 MiB.
    /// </summary>
    private const string Garbage = "1000000";

    /// <summary>Stands for the receipt.</summary>
    private const string Receipt = "RECEIPT";

    /// <summary>Stands for a text that makes the file as large as the others.</summary>
    private const string Padding = "PADDING";

    /// <summary>Just below the limits of values and of members.</summary>
    private const int MostChoices = 16_380,
        MostValues = (1 << 21) - 200,
        MostMembers = 199_000;

    private const string Answer = "{\"id\":\"x\",\"model\":\"tiny\",\"choices\":[",
        Text = Answer + "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"",
        Choice = Answer + "{\"index\":0,\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\",",
        Behind = "],\"determinism\":" + Receipt + "}",
        Stream = ": dis-receipt " + Receipt + "\ndata: [DONE]\n\n",
        Event = "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"",
        Bundle =
            "{\"form\":\"dis-bundle/2\",\"response\":{\"delivery\":\"json\",\"content_type\":\"application/json\",";

    /// <summary>Longer than what is hashed in one piece.</summary>
    private static readonly string Long = $"\"{new string('b', 300)}\"";

    /// <summary>Those that take most come first: the others are tried with DIS_LONG=1 alone.</summary>
    private static readonly Kind[] All =
    [
        new(
            "members of choices",
            Answer + "{\"index\":0",
            i =>
                (i > 0 && i % MostMembers == 0 ? $"}},{{\"index\":{i / MostMembers}" : "")
                + $",\"x{i % MostMembers:x}\":1",
            $",\"text\":\"{Padding}\"}}{Behind}",
            times: MostMembers * 10
        ),
        new(
            "a member of escaped names",
            Choice + "\"x\":{",
            i => $"\"{i:x309}\\u0061\":1,",
            "\"z\":1}}" + Behind,
            times: MostMembers
        ),
        new(
            "most channels",
            Answer,
            i =>
                $"{{\"index\":{i},\"text\":{Long},\"message\":{{\"content\":{Long},\"reasoning\":{Long},"
                + $"\"refusal\":{Long},\"role\":{Long},\"function_call\":{{\"name\":{Long},\"arguments\":{Long}}}}},"
                + $"\"logprobs\":{{\"content\":[{{\"token\":\"a\"}}]}},\"x\":1,\"finish_reason\":{Long}}},",
            $"{{\"index\":{MostChoices},\"text\":\"{Padding}\"}}{Behind}",
            times: MostChoices
        ),
        InBundle(
            "log-probabilities in a bundle",
            $"{Answer}{{\"index\":0,\"logprobs\":{{\"tokens\":[{Many("\"a\",", MostValues / 2)}\"a\"],"
                + "\"token_logprobs\":[",
            "-1,",
            $"-1]}},\"text\":\"{Padding}\"}}]}}",
            MostValues / 2
        ),
        InBundle(
            "token ids in a bundle",
            Answer + "{\"index\":0,\"token_ids\":[",
            "4294967295,",
            $"1],\"text\":\"{Padding}\"}}]}}",
            MostValues
        ),
        new(
            "token ids below the limit",
            $"{Answer}{{\"index\":0,\"token_ids\":[",
            _ => "4294967295,",
            $"1],\"text\":\"{Padding}\"}}{Behind}",
            times: MostValues
        ),
        new(
            "token ids of an event",
            "data: {\"choices\":[{\"index\":0,\"token_ids\":[",
            _ => "4294967295,",
            $"1],\"delta\":{{\"content\":\"{Padding}\"}}}}]}}\n\n{Stream}",
            times: MostValues
        ),
        new(
            "names below the limit",
            Answer + "],",
            i => $"\"{i:x320}\":0,",
            "\"determinism\":" + Receipt + "}",
            times: MostMembers
        ),
        new("long names", Answer + "],", i => $"\"{i:x65000}\":0,", "\"determinism\":" + Receipt + "}"),
        new("names of events", "", i => $"data: {{\"{i:x45}\":0}}\n\n", Stream, times: MostValues / 2),
        new("escapes alone", Text, "\\n", "\"}}" + Behind),
        new(
            "a member of many values",
            Choice + "\"x\":[",
            _ => $"{new string('1', 31)},",
            "1]}" + Behind,
            times: MostValues
        ),
        new(
            "a member of many members",
            Choice + "\"x\":{",
            i => $"\"{i:x309}\":1,",
            "\"z\":1}}" + Behind,
            times: MostMembers
        ),
        new("a member of escapes", Choice + "\"x\":\"", "\\n", "\"}" + Behind),
        InBundle(
            "calls in a bundle",
            Answer + "{\"index\":0,\"message\":{\"tool_calls\":[",
            "{},",
            $"{{}}],\"text\":\"{Padding}\"}}}}]}}",
            MostValues
        ),
        new(
            "a request in a bundle",
            "{\"form\":\"dis-bundle/2\",\"request\":{\"path\":\"/v1/chat/completions\",\"body\":\"{\\\"messages\\\":[",
            _ => $"{new string('1', 31)},",
            "1]}\"},\"receipt\":" + Receipt + "}",
            times: MostValues
        ),
        new(
            "values of a request below the limit",
            "{\"messages\":[",
            _ => $"{new string('1', 31)},",
            "1]}",
            "--request",
            MostValues
        ),
        new("members of a request", "{\"messages\":{", i => $"\"{i:x320}\":0,", "\"z\":0}}", "--request", MostMembers),
        new("escapes of a request", "{\"messages\":[\"", "\\n", "\"]}", "--request"),
        new("a member that the server sets", "{\"messages\":[],\"seed\":\"", "a", "\"}", "--request"),
        new("tool calls", Text + "\",\"tool_calls\":[", "{\"function\":{\"name\":\"a\"}},", "{}]}}" + Behind),
        new("names", Answer + "{\"index\":0}],", i => $"\"{i:x}\":0,", "\"determinism\":" + Receipt + "}"),
        new(
            "text in a bundle",
            Bundle + "\"body\":\"" + Text.Replace("\"", "\\\"", StringComparison.Ordinal),
            "a",
            "\\\"}}]}\"},\"receipt\":" + Receipt + "}"
        ),
        new("token ids", Choice + "\"token_ids\":[", "1,", "1]}" + Behind),
        new("choices", Answer, i => $"{{\"index\":{i},\"message\":{{\"content\":\"a\"}}}},", "{}" + Behind),
        new(
            "log-probabilities",
            Choice + "\"logprobs\":{\"content\":[",
            "{\"token\":\"a\",\"logprob\":-1},",
            "{}]}}" + Behind
        ),
        new("values that no form reads", Choice + "\"x\":[", "1,", "1]}" + Behind),
        new("a text that no form reads", Choice + "\"x\":\"", "a", "\"}" + Behind),
        new("text", Text, "a", "\"}}" + Behind),
        new("text with escapes", Text, "a\\n", "\"}}" + Behind),
        new("a name", Answer + "],\"", "a", "\":0,\"determinism\":" + Receipt + "}"),
        new("a receipt of many values", "{\"receipt_id\":\"x\",\"statement\":[", "0,", "0]}"),
        new("an answer in base64", Bundle + "\"body_base64\":\"", "IAAgACAg", "\"},\"receipt\":" + Receipt + "}"),
        new("values", "{\"choices\":[", "0,", "0]}"),
        new("levels", "{\"a\":", "[", ""),
        new("a number", "{\"a\":", "1", "}"),
        new("a string", "{\"a\":\"", "b", "\"}"),
        new(
            "garbage",
            "",
            i => new string([.. Enumerable.Range(0, 64).Select(k => (char)(i * 31 + k * 7 & 0x7ff))]),
            ""
        ),
        new("empty lines", "", "\n", ""),
        new("tiny events", "", "data: {}\n\n", Stream),
        new("events", "", Event + "a\"},\"token_ids\":[7]}]}\n\n", Stream),
        new(
            "choices of a stream",
            "",
            i => $"data: {{\"choices\":[{{\"index\":{i},\"delta\":{{\"content\":\"a\"}}}}]}}\n\n",
            Stream
        ),
        new("a line", Event, "a", "\"}}]}\n\n" + Stream),
        new("long lines", "", Event + new string('a', 16 << 20) + "\"}}]}\n\n", Stream),
        new("a comment", ": ", "a", "\n\n" + Stream),
        new("lines of keys", "", "a\n", "", "--key"),
        new("keys in PEM", "", "-----BEGIN PUBLIC KEY-----\n", "", "--key"),
        new("a trust file", "{\"form\":\"dis-trust/1\",\"keys\":[", "{},", "{}]}", "--trust"),
        new("values of a request", "{\"messages\":[", "0,", "0]}", "--request"),
        new("text of a request", "{\"messages\":[{\"role\":\"user\",\"content\":\"", "a", "\"}]}", "--request"),
    ];

    private IssuingServer _server = null!;

    public static TheoryData<string> Kinds => [.. All.Take(LongRun.Times(3, All.Length)).Select(kind => kind.Name)];

    public async ValueTask InitializeAsync() => _server = await IssuingServer.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Any_file_is_answered_with_little_memory(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "skipped: needs Linux");
        RecordedExchange exchange = await RecordedExchange.AskAsync(_server);
        Kind kind = All.Single(kind => kind.Name == name);
        string file = exchange.Write("large", "");
        kind.Write(file, exchange.Receipt.ToJsonString());
        string[] arguments = kind.Option switch
        {
            null => [file, "--key", exchange.KeyFile],
            "--request" => [exchange.AnswerFile, kind.Option, file, "--key", exchange.KeyFile],
            _ => [exchange.AnswerFile, kind.Option, file],
        };

        using Process process = ServerProgram.Built.Start(["verify", .. arguments], ("DOTNET_GCgen0size", Garbage));
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        int peak = 0;
        // The system forgets the figure with the process.
        await Limits.UntilAsync(
            () =>
            {
                peak = Math.Max(peak, PeakOf(process.Id));
                return process.HasExited;
            },
            () => "verify does not end"
        );
        string said = await output + await error;
        File.Delete(file);
        Assert.True(peak is > 10_000 and < MostKilobytes, $"{peak} KB: {said}");
        // A verdict, or a file that can't be used; no failure, and no end by the system.
        Assert.True(process.ExitCode is 2 or (>= 10 and < 64), said);
        Assert.Matches("^(error: |[A-Z ]+: )", said);
    }

    private static string Many(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    /// <summary>A bundle whose answer is of one thing many times.</summary>
    private static Kind InBundle(string name, string before, string repeated, string after, int times)
    {
        string inner = Escaped(repeated);
        return new Kind(
            name,
            $"{Bundle}\"body\":\"{Escaped(before)}",
            _ => inner,
            $"{Escaped(after)}\"}},\"receipt\":{Receipt}}}",
            times: times
        );

        static string Escaped(string json) => json.Replace("\"", "\\\"", StringComparison.Ordinal);
    }

    /// <summary>The most memory that a process has had, in KB; 0 if it is gone.</summary>
    private static int PeakOf(int process)
    {
        try
        {
            Match peak = Peak().Match(File.ReadAllText($"/proc/{process}/status"));
            return peak.Success ? int.Parse(peak.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    [GeneratedRegex(@"^VmHWM:\s+(\d+) kB$", RegexOptions.Multiline)]
    private static partial Regex Peak();

    /// <summary>A file of one thing many times, and of its padding.</summary>
    private sealed class Kind(
        string name,
        string before,
        Func<int, string> repeated,
        string after,
        string? option = null,
        int times = int.MaxValue
    )
    {
        public Kind(string name, string before, string repeated, string after, string? option = null)
            : this(name, before, BlockOf(repeated), after, option) { }

        public string Name => name;

        public string? Option => option;

        public void Write(string file, string receipt)
        {
            string[] ends = after.Replace(Receipt, receipt, StringComparison.Ordinal).Split(Padding);
            using var text = new StreamWriter(file, append: false, new UTF8Encoding(false), 1 << 16);
            text.Write(before);
            int room = FileBytes - before.Length - ends.Sum(end => end.Length);
            for (int i = 0; i < times; i++)
            {
                string next = repeated(i);
                if (next.Length > room)
                    break;
                room -= next.Length;
                text.Write(next);
            }
            text.Write(ends[0]);
            foreach (string end in ends[1..])
            {
                text.Write(new string('a', room));
                text.Write(end);
            }
        }

        /// <summary>As many as are written sooner.</summary>
        private static Func<int, string> BlockOf(string repeated)
        {
            string block = Many(repeated, Math.Max(1, (64 << 10) / repeated.Length));
            return _ => block;
        }
    }
}
