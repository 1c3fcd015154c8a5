using System.CommandLine;
using System.Globalization;

namespace DeterministicInference.Benchmarks.Answers;

/// <summary>
/// <c>answer-reading</c>: processor time of reading alone, without sockets: an event of a stream, or a JSON answer, is
/// read, hashed, counted and rewritten as the gateway does it with receipts on. Compare builds by running them in turn.
/// </summary>
internal static class AnswerReadingCommand
{
    private static readonly Option<int> Rounds = new("--rounds")
    {
        Description = "Rounds of each shape; the best one counts.",
        DefaultValueFactory = _ => 30,
    };

    public static Command Create()
    {
        var command = new Command("answer-reading", "Processor time of an event and of a JSON answer, read alone.")
        {
            Rounds,
        };
        command.SetAction(parsed => Run(parsed.GetValue(Rounds)));
        return command;
    }

    private static int Run(int rounds)
    {
        foreach (AnswerShape shape in AnswerShape.All)
        {
            var times = new List<double>();
            for (int round = 0; round < rounds; round++)
            {
                TimeSpan before = Environment.CpuUsage.UserTime;
                int count = 0;
                // A round of some 50 ms: the clock of processor time is coarse on some machines.
                for (; count < shape.PerRound; count += shape.Count)
                    ReadingPath.Read(shape);
                times.Add((Environment.CpuUsage.UserTime - before).TotalMicroseconds / count);
            }
            times.Sort();
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{shape.Name, -40} {times[0], 8:F3} us ({times[times.Count / 2]:F3})"
                )
            );
        }
        return 0;
    }
}
