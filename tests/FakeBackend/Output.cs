namespace DeterministicInference.FakeBackend;

/// <summary>Lines on standard error, where SGLang logs.</summary>
internal static class Output
{
    public static void Log(string message) =>
        Console.Error.WriteLine($"[{TimeProvider.System.GetLocalNow():yyyy-MM-dd HH:mm:ss}] {message}");

    public static void Flood(int lines)
    {
        for (int i = 1; i <= lines; i++)
            Log(
                $"Decode batch, line {i} of {lines}, #running-req: 1, token usage: 0.00, gen throughput (token/s): "
                    + "100.00"
            );
    }

    /// <summary>
    /// Prints lines as they are, as an engine with a logger of its own does. A line <c>!250</c> is not printed: it
    /// waits so many milliseconds.
    /// </summary>
    public static async Task PrintAsync(string text)
    {
        foreach (string line in text.TrimEnd('\n').Split('\n'))
        {
            if (line.StartsWith('!') && int.TryParse(line.AsSpan(1), out int milliseconds))
                await Task.Delay(milliseconds);
            else
                await Console.Error.WriteLineAsync(line);
        }
    }

    /// <summary>One line of so many characters.</summary>
    public static void Line(int characters) => Console.Error.WriteLine(new string('x', characters));

    /// <summary>Bytes that are no text in any encoding, with line ends and NULs among them.</summary>
    public static void Garbage(int bytes)
    {
        var garbage = new byte[bytes];
        uint state = 1;
        // Marsaglia's xorshift: the same bytes each time.
        for (int i = 0; i < bytes; i++)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            garbage[i] = (byte)state;
        }
        using Stream error = Console.OpenStandardError();
        error.Write(garbage);
        error.WriteByte((byte)'\n');
    }
}
