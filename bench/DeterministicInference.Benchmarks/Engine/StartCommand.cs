using System.CommandLine;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace DeterministicInference.Benchmarks.Engine;

/// <summary>
/// <c>start</c>: from the start of a server process to its ready line and to its first complete answer, and its
/// resident memory then; the programs take turns.
/// </summary>
internal static class StartCommand
{
    private static readonly Option<string[]> Programs = new("--program")
    {
        Description = "Server executables.",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Starts of each.",
        DefaultValueFactory = _ => 9,
    };

    public static Command Create()
    {
        var command = new Command("start", "Time from process start to the first answer.") { Programs, Rounds };
        command.SetAction(
            (parsed, cancellation) => RunAsync(parsed.GetValue(Programs)!, parsed.GetValue(Rounds), cancellation)
        );
        return command;
    }

    private static async Task<int> RunAsync(string[] programs, int rounds, CancellationToken cancellation)
    {
        var measured = programs.ToDictionary(
            program => program,
            _ => new List<(double Ready, double Answer, long Kilobytes)>()
        );
        for (int round = 0; round < rounds; round++)
        {
            foreach (string program in programs)
                measured[program].Add(await MeasureAsync(program, cancellation));
        }
        Console.WriteLine("| program | ready, ms: best (median) | first answer, ms: best (median) | resident, MB |");
        Console.WriteLine("| --- | ---: | ---: | ---: |");
        foreach (string program in programs)
        {
            List<(double Ready, double Answer, long Kilobytes)> all = measured[program];
            Console.WriteLine(
                $"| {program} | {Format(all.Select(one => one.Ready))} | {Format(all.Select(one => one.Answer))} | "
                    + $"{all.Max(one => one.Kilobytes) / 1024.0:F0} |"
            );
        }
        return 0;
    }

    private static async Task<(double Ready, double Answer, long Kilobytes)> MeasureAsync(
        string program,
        CancellationToken cancellation
    )
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            ArgumentList = { "engine", "--port", "0" },
        };
        long began = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        try
        {
            string? url = null;
            while (url is null)
            {
                string line =
                    await process.StandardOutput.ReadLineAsync(cancellation)
                    ?? throw new InvalidOperationException($"{program} ended before it was ready.");
                int at = line.IndexOf("http://", StringComparison.Ordinal);
                if (at >= 0)
                    url = line[at..line.IndexOf(',', at)];
            }
            double ready = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            using var client = new HttpClient();
            using var body = new StringContent(
                """{"messages":[{"role":"user","content":"Who are you?"}],"temperature":0}""",
                Encoding.UTF8,
                new MediaTypeHeaderValue("application/json")
            );
            using HttpResponseMessage response = await client.PostAsync(
                new Uri(url + "/v1/chat/completions"),
                body,
                cancellation
            );
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync(cancellation);
            double answer = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            process.Refresh();
            return (ready, answer, process.WorkingSet64 / 1024);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string Format(IEnumerable<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return $"{sorted[0]:F0} ({sorted[sorted.Count / 2]:F0})";
    }
}
