using System.Runtime.InteropServices;
using System.Text.Json;
using Azure.Identity;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

// Longer than an event takes to process: afterwards the message is visible to other readers again.
TimeSpan hide = TimeSpan.FromSeconds(60);
TimeSpan pause = TimeSpan.FromSeconds(1);
// A message that failed so often moves to the poison queue.
const int MostTries = 5;

string folder = Environment.GetEnvironmentVariable("EVENTS_FOLDER") ?? "events";
QueueServiceClient service = OpenService();
QueueClient events = service.GetQueueClient("print-job-events");
QueueClient poison = service.GetQueueClient("print-job-events-poison");

using var stopping = new CancellationTokenSource();
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

while (!stopping.IsCancellationRequested)
{
    QueueMessage[] messages = await events.ReceiveMessagesAsync(maxMessages: 32, visibilityTimeout: hide);
    await Task.WhenAll(messages.Select(Handle));
    if (messages.Length == 0)
    {
        await Task.Delay(pause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

async Task Handle(QueueMessage message)
{
    try
    {
        if (message.DequeueCount > MostTries)
        {
            // A negative time to live: the message never expires.
            await poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1));
            Console.Error.WriteLine($"Moved to the poison queue: {message.MessageId}");
        }
        else
        {
            JobEvent jobEvent = JobEvent.Parse(message.Body);
            bool isNew = await EventStore.StoreOnceAsync(folder, jobEvent.Id, message.Body);
            string word = isNew ? "processed" : "repeated";
            Console.WriteLine($"{word} {jobEvent.Type} {jobEvent.Data.Outcome} {jobEvent.Id}");
        }
        await events.DeleteMessageAsync(message.MessageId, message.PopReceipt);
    }
    catch (Exception error) when (error is Azure.RequestFailedException or JsonException or IOException)
    {
        // Not deleted: the message becomes visible again.
        Console.Error.WriteLine($"Failed, try {message.DequeueCount} of {MostTries}: {message.MessageId} {error.Message}");
    }
}

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stopping.Cancel();
}

// Passwordless in Azure. The local cloud gives a connection string.
static QueueServiceClient OpenService()
{
    // The text of a message is base64.
    var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
    if (Environment.GetEnvironmentVariable("EVENTS_CONNECTION_STRING") is { Length: > 0 } connectionString)
    {
        return new QueueServiceClient(connectionString, options);
    }
    if (Environment.GetEnvironmentVariable("EVENTS_QUEUE_SERVICE_URI") is { Length: > 0 } uri)
    {
        return new QueueServiceClient(new Uri(uri), new DefaultAzureCredential(), options);
    }
    throw new InvalidOperationException(
        "Set EVENTS_QUEUE_SERVICE_URI, or EVENTS_CONNECTION_STRING for the local cloud");
}
