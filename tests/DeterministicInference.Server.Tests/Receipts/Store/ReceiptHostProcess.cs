using System.Diagnostics;
using System.Text;

namespace DeterministicInference.Server.Tests.Receipts.Store;

/// <summary>
/// tests/GuardHost with a store of receipts: a server that may be killed. It prints each receipt's id, and the
/// checkpoint of its proof, once the receipt is stored.
/// </summary>
internal sealed class ReceiptHostProcess : IAsyncDisposable
{
    private const string ReceiptPrefix = "receipt ";

    private readonly Process _process;
    private readonly LineLog _output = new();

    /// <param name="folder">The store's.</param>
    /// <param name="prefix">What starts the host: a command that ends with executing its arguments.</param>
    public ReceiptHostProcess(string folder, params string[] prefix)
    {
        string[] command =
        [
            .. prefix,
            ServerProgram.Built.File,
            Path.Combine(AppContext.BaseDirectory, "GuardHost.dll"),
            "receipts",
            folder,
        ];
        _process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        _process.StandardInput.AutoFlush = true;
        _output.Follow(_process.StandardOutput);
    }

    public int Id => _process.Id;

    /// <summary>The lines printed so far.</summary>
    public IReadOnlyList<string> Lines => _output.Lines;

    /// <summary>Ids of receipts that were accepted.</summary>
    public IEnumerable<string> Receipts => Accepted.Select(words => words[0]);

    /// <summary>The signed checkpoints of their proofs.</summary>
    public IEnumerable<string> Checkpoints =>
        Accepted.Select(words => Encoding.UTF8.GetString(Convert.FromBase64String(words[1])));

    private IEnumerable<string[]> Accepted =>
        _output
            .Lines.Where(line => line.StartsWith(ReceiptPrefix, StringComparison.Ordinal))
            .Select(line => line[ReceiptPrefix.Length..].Split(' '));

    /// <summary>Waits for a line that begins so.</summary>
    public Task<string> FindAsync(string beginning) =>
        _output.FindAsync(line => line.StartsWith(beginning, StringComparison.Ordinal)).Within();

    /// <summary>Waits until it has stored so many.</summary>
    public async Task StoredAsync(int count)
    {
        int seen = 0;
        await _output
            .FindAsync(line => line.StartsWith(ReceiptPrefix, StringComparison.Ordinal) && ++seen >= count)
            .Within();
    }

    /// <summary>Sends a command.</summary>
    public void Tell(string command) => _process.StandardInput.WriteLine(command);

    /// <summary>One receipt.</summary>
    /// <returns>The outcome:</returns>
    public async Task<string> AppendAsync()
    {
        int before = _output.Lines.Count;
        Tell("append");
        int seen = 0;
        return await _output
            .FindAsync(line => ++seen > before && !line.StartsWith("log ", StringComparison.Ordinal))
            .Within();
    }

    /// <summary>kill -9. It is this process's own child; the rest of what it told is read.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await ExitAsync();
    }

    /// <summary>Lets the process close its store and end.</summary>
    public async Task CloseAsync()
    {
        _process.StandardInput.Close();
        await ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // Also ends a process that only watches the host.
        _process.StandardInput.Close();
        await KillAsync();
        _process.Dispose();
    }

    private async Task ExitAsync()
    {
        await _process.WaitForExitAsync().Within();
        await _output.End.Within();
    }
}
