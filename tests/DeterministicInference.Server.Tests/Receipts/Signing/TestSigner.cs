using DeterministicInference.Receipts.Signing;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Receipts.Signing;
using Microsoft.Extensions.Logging.Abstractions;

namespace DeterministicInference.Server.Tests.Receipts.Signing;

/// <summary>A program with a key that signs as a test wants: tests/GuardHost.</summary>
internal sealed class TestSigner : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("signer-").FullName;

    public TestSigner() => UseKey(Key);

    /// <summary>The key that it has at first.</summary>
    public SigningKey Key { get; } = SigningKey.Create();

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Command =>
        [ServerProgram.Built.File, Path.Combine(AppContext.BaseDirectory, "GuardHost.dll"), "signer", _folder];

    public string KeyFile => Path.Combine(_folder, "key.pem");

    /// <summary>What messages call it.</summary>
    public string Name => $"the signer command {Command[0]}";

    /// <summary>What it does from the next request on; see the program.</summary>
    public string Behaviour
    {
        set
        {
            string file = Path.Combine(_folder, "behaviour.new");
            File.WriteAllText(file, value);
            File.Move(file, Path.Combine(_folder, "behaviour"), overwrite: true);
        }
    }

    /// <summary>Whether a late answer is due.</summary>
    public bool Waits => File.Exists(Path.Combine(_folder, "waits"));

    /// <summary>The processes that were started, in this order.</summary>
    public IReadOnlyList<int> Started => [.. File.ReadAllLines(Path.Combine(_folder, "starts")).Select(int.Parse)];

    /// <summary>Whether it has started a process.</summary>
    public bool HasChild => File.Exists(Path.Combine(_folder, "child"));

    /// <summary>A process that it has started.</summary>
    public int Child => int.Parse(File.ReadAllText(Path.Combine(_folder, "child")));

    /// <summary>Gives it another key, from the next start on.</summary>
    public void UseKey(SigningKey key) => File.WriteAllText(KeyFile, key.ToPem());

    public CommandSigner Start() => CommandSigner.Start(Command, new(), TimeProvider.System, NullLogger.Instance);

    /// <summary>Waits until a process does not run any more.</summary>
    public static Task GoneAsync(int pid) =>
        Limits.UntilAsync(() => !ProcessTable.Scan().Any(process => process.Pid == pid), () => $"{pid} runs");

    public void Dispose()
    {
        Key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
