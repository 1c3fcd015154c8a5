using System.Globalization;
using System.Net;
using System.Text;
using DeterministicInference.Server.Guard;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Supervision;

/// <summary>
/// Finds which process has a TCP port, from <c>/proc/net/tcp</c> and the descriptors in <c>/proc/PID/fd</c>
/// (https://man7.org/linux/man-pages/man5/proc_net_tcp.5.html). Processes of other users can't be seen.
/// </summary>
internal static class PortHolder
{
    /// <summary>TCP_LISTEN of include/net/tcp_states.h in the kernel's source.</summary>
    private const string Listening = "0A";

    /// <returns><c> (pid 123, python3)</c>, or nothing where it is not known.</returns>
    public static string Describe(IPAddress address, int port)
    {
        HashSet<string> links =
        [
            .. Sockets()
                .Where(socket => socket.Port == port && socket.State == Listening && Covers(socket.Address, address))
                .Select(socket => $"socket:[{socket.Inode}]"),
        ];
        ProcessEntry holder =
            links.Count == 0 ? default : ProcessTable.Scan().Find(process => Holds(process.Pid, links));
        if (holder.Pid == 0)
            return "";
        string name = Encoding.UTF8.GetString(ProcFile.ReadAll($"/proc/{holder.Pid}/comm")).TrimEnd('\n');
        return string.Create(CultureInfo.InvariantCulture, $" (pid {holder.Pid}, {name})");
    }

    /// <summary>Whether connections to the port are left of a listener that is gone.</summary>
    public static bool HasRemains(int port) =>
        Sockets().Any(socket => socket.Port == port && socket.State != Listening);

    private static bool Covers(IPAddress bound, IPAddress address)
    {
        if (bound.IsIPv4MappedToIPv6)
            bound = bound.MapToIPv4();
        return bound.Equals(address)
            || bound.Equals(IPAddress.Any)
            || bound.Equals(IPAddress.IPv6Any)
            || address.Equals(IPAddress.Any)
            || address.Equals(IPAddress.IPv6Any);
    }

    private static bool Holds(int pid, HashSet<string> links)
    {
        try
        {
            return Directory
                .EnumerateFiles($"/proc/{pid}/fd")
                .Any(file => new FileInfo(file).LinkTarget is { } target && links.Contains(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The process is another user's, or has ended.
            return false;
        }
    }

    private static IEnumerable<(IPAddress Address, int Port, string State, string Inode)> Sockets()
    {
        foreach (string table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            // The second file is missing where IPv6 is switched off.
            if (!File.Exists(table))
                continue;
            foreach (string line in File.ReadLines(table).Skip(1))
            {
                // sl, local_address, rem_address, st, …, inode:
                // "  0: 0100007F:7530 00000000:0000 0A 00000000:00000000
                // 00:00000000 00000000  1000 0 12345 …"
                string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (fields.Length < 10 || fields[1].Split(':') is not [string address, string port])
                    continue;
                yield return (
                    AddressOf(address),
                    int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                    fields[3],
                    fields[9]
                );
            }
        }
    }

    /// <summary>
    /// The kernel prints each 32-bit word of an address in this machine's byte order (tcp4_seq_show in
    /// net/ipv4/tcp_ipv4.c).
    /// </summary>
    private static IPAddress AddressOf(string hex)
    {
        byte[] bytes = Convert.FromHexString(hex);
        if (BitConverter.IsLittleEndian)
        {
            for (int i = 0; i < bytes.Length; i += 4)
                bytes.AsSpan(i, 4).Reverse();
        }
        return new IPAddress(bytes);
    }
}
