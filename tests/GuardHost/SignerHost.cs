using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using DeterministicInference.Receipts.Signing;

namespace DeterministicInference.Server.Tests.GuardHost;

/// <summary>
/// A program that signs, and does what the file <c>behaviour</c> of its folder says when a request comes: a test may
/// change it while the program runs. With <c>key:</c> before it, it concerns the public key alone.
/// </summary>
internal static class SignerHost
{
    public static int Run(string folder)
    {
        File.AppendAllText(
            Path.Combine(folder, "starts"),
            string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}\n")
        );
        Console.Error.WriteLine($"signer of {Path.GetFileName(folder)}");
        using var key = SigningKey.FromPem(File.ReadAllText(Path.Combine(folder, "key.pem")));
        using PosixSignalRegistration stays = PosixSignalRegistration.Create(
            PosixSignal.SIGTERM,
            context => context.Cancel = Behaviour(folder) == "stay"
        );
        if (Behaviour(folder) == "stay")
        {
            using var child = Process.Start("sleep", "1000");
            File.WriteAllText(Path.Combine(folder, "child"), child.Id.ToString(CultureInfo.InvariantCulture));
        }
        while (Console.In.ReadLine() is { } line)
        {
            string behaviour = Behaviour(folder);
            bool isKey = line == "public-key";
            if (isKey)
                behaviour = behaviour.StartsWith("key:", StringComparison.Ordinal) ? behaviour[4..] : "";
            byte[] answer = isKey ? key.PublicKey.Bytes.ToArray() : key.Sign(Convert.FromBase64String(line[5..]));
            switch (behaviour)
            {
                case "wrong":
                    answer[10] ^= 1;
                    break;
                case "short":
                    answer = answer[..^1];
                    break;
                case "garbage":
                    Say("What shall I sign?\n");
                    continue;
                case "huge":
                    Say(new string('A', 100_000));
                    continue;
                case "twice":
                    Say($"{Convert.ToBase64String(answer)}\n{Convert.ToBase64String(answer)}\n");
                    continue;
                case "silent":
                    continue;
                case "die":
                    return 3;
                case "error":
                    Say("error the card is \u001b[31mlocked\n");
                    continue;
                case "late":
                    File.WriteAllText(Path.Combine(folder, "waits"), "");
                    while (Behaviour(folder).EndsWith("late", StringComparison.Ordinal))
                        Task.Delay(5).Wait();
                    break;
            }
            Say(Convert.ToBase64String(answer) + "\n");
            if (behaviour == "once")
                return 0;
        }
        return Behaviour(folder) == "stay" ? Wait() : 0;
    }

    private static string Behaviour(string folder) =>
        Path.Combine(folder, "behaviour") is var file && File.Exists(file) ? File.ReadAllText(file) : "";

    private static int Wait()
    {
        new TaskCompletionSource().Task.Wait();
        return 0;
    }

    private static void Say(string text)
    {
        using Stream output = Console.OpenStandardOutput();
        output.Write(Encoding.ASCII.GetBytes(text));
    }
}
