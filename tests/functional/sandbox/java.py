"""A jar built here, by the machine's own compiler, with stand-ins for the interfaces of aws-lambda-java-core."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.functional.sandbox.runtimes import packed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_RUNTIME = "com/amazonaws/services/lambda/runtime"
_HEAD = "package com.amazonaws.services.lambda.runtime;\n"
INTERFACES = {
    "RequestHandler": "public interface RequestHandler<I, O> { O handleRequest(I input, Context context); }",
    "RequestStreamHandler": "public interface RequestStreamHandler { void handleRequest(java.io.InputStream input, "
    "java.io.OutputStream output, Context context) throws java.io.IOException; }",
    "LambdaLogger": "public interface LambdaLogger { void log(String message); void log(byte[] message); }",
    "Context": """public interface Context {
        String getAwsRequestId(); String getLogGroupName(); String getLogStreamName(); String getFunctionName();
        String getFunctionVersion(); String getInvokedFunctionArn(); int getRemainingTimeInMillis();
        int getMemoryLimitInMB(); LambdaLogger getLogger();
    }""",
}
HANDLERS = {
    "example/Instruction": """package example;
public class Instruction {
    private String instruction; private int count; private java.util.List<Part> parts; public boolean open;
    public String getInstruction() { return instruction; }
    public void setInstruction(String instruction) { this.instruction = instruction; }
    public int getCount() { return count; }
    public void setCount(int count) { this.count = count; }
    public java.util.List<Part> getParts() { return parts; }
    public void setParts(java.util.List<Part> parts) { this.parts = parts; }
    public static class Part {
        private Double weight;
        public Double getWeight() { return weight; }
        public void setWeight(Double weight) { this.weight = weight; }
    }
}""",
    "example/Pojo": """package example;
import com.amazonaws.services.lambda.runtime.*;
public class Pojo implements RequestHandler<Instruction, Instruction> {
    private static int calls = 0;
    public Instruction handleRequest(Instruction input, Context context) {
        if ("fail".equals(input.getInstruction())) throw new IllegalStateException("boom");
        if ("exit".equals(input.getInstruction())) System.exit(5);
        if ("sleep".equals(input.getInstruction())) {
            try { Thread.sleep(60_000); } catch (InterruptedException problem) { }
        }
        if ("burn".equals(input.getInstruction())) {
            long end = cpu() + 100_000_000L;
            while (cpu() < end) { }
        }
        if ("log".equals(input.getInstruction())) {
            context.getLogger().log("logged\\ntwo lines " + context.getAwsRequestId());
            System.out.println("printed ü");
            System.err.println("to the error stream");
        }
        input.setCount(++calls);
        return input;
    }
    private static long cpu() {
        return java.lang.management.ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}""",
    "example/Stream": """package example;
import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
public class Stream implements RequestStreamHandler {
    public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
        output.write('['); input.transferTo(output); output.write(']');
    }
}""",
    "example/Maps": """package example;
import com.amazonaws.services.lambda.runtime.*;
import java.util.*;
public class Maps implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    public Map<String, Object> handleRequest(Map<String, Object> input, Context context) {
        Map<String, Object> answer = new TreeMap<>(input);
        answer.put("id", context.getAwsRequestId()); answer.put("arn", context.getInvokedFunctionArn());
        answer.put("memory", context.getMemoryLimitInMB()); answer.put("left", context.getRemainingTimeInMillis());
        return answer;
    }
}""",
    "example/Api": """package example;
import com.amazonaws.services.lambda.runtime.*;
import java.util.*;
public class Api implements RequestHandler<Map<String, Object>, Map<String, Object>> {
    public Map<String, Object> handleRequest(Map<String, Object> input, Context context) {
        return Map.of("statusCode", 200, "body", "\\"java says " + input.get("httpMethod") + "\\"");
    }
}""",
    "example/Plain": """package example;
public class Plain {
    public String text(String input) { return input.toUpperCase(); }
    public static int number(int input) { return input + 1; }
    public void nothing() { }
}""",
    "example/Broken": """package example;
public class Broken {
    static { if (true) throw new IllegalArgumentException("early"); }
    public void handleRequest() { }
}""",
}


def jar(folder: Path, *, without: frozenset[str] = frozenset(), handlers: Mapping[str, str] = HANDLERS) -> bytes:
    """Compile the handlers; the archive, without some of AWS's interfaces."""
    sources = {f"{_RUNTIME}/{name}": _HEAD + text for name, text in INTERFACES.items()} | dict(handlers)
    for name, text in sources.items():
        file = folder / "source" / f"{name}.java"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    classes = folder / "classes"
    files = [str(file) for file in sorted((folder / "source").rglob("*.java"))]
    compiler = shutil.which("javac") or "javac"
    options = ["-encoding", "UTF-8", "--release", "11", "-d", str(classes)]
    subprocess.run([compiler, *options, *files], check=True)
    return packed(
        {
            str(file.relative_to(classes)): file.read_bytes()
            for file in sorted(classes.rglob("*.class"))
            if file.stem not in without
        }
    )
