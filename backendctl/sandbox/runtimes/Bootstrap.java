// What runs inside an execution environment of a Java function: loads the handler, then serves the Runtime API.
// Java 11, standard library only; AWS's interfaces are those of the function's own jar, reached by reflection.

package backendctl;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Proxy;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

public final class Bootstrap {
    private static final String RUNTIME = "com.amazonaws.services.lambda.runtime.";
    private static final boolean JSON_LOGS = "JSON".equals(System.getenv("AWS_LAMBDA_LOG_FORMAT"));
    private static final PrintStream OUT = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

    private static String requestId = "";

    public static void main(String[] arguments) throws Exception {
        System.setOut(OUT);
        System.setErr(OUT);
        Api api = new Api(System.getenv("AWS_LAMBDA_RUNTIME_API"));
        Handler handler;
        try {
            handler = Handler.of(System.getenv("_HANDLER"));
        } catch (Throwable problem) {
            Throwable cause = unwrapped(problem);
            Map<String, Object> document = told(cause);
            logError(cause, document);
            api.post("/init/error", Json.written(document).getBytes(StandardCharsets.UTF_8), (String) document.get("errorType"));
            System.exit(1);
            return;
        }
        while (true) {
            Answer next = api.request("GET", "/invocation/next", null, null);
            requestId = next.headers.get("lambda-runtime-aws-request-id");
            String trace = next.headers.get("lambda-runtime-trace-id");
            if (trace == null) System.clearProperty("com.amazonaws.xray.traceHeader");
            else System.setProperty("com.amazonaws.xray.traceHeader", trace);
            String where = "/invocation/" + requestId;
            try {
                api.post(where + "/response", handler.call(next.body, next.headers), null);
            } catch (Throwable problem) {
                Throwable cause = unwrapped(problem);
                Map<String, Object> document = told(cause);
                logError(cause, document);
                api.post(where + "/error", Json.written(document).getBytes(StandardCharsets.UTF_8), (String) document.get("errorType"));
                if (cause instanceof VirtualMachineError) System.exit(1);
            }
        }
    }

    private static Throwable unwrapped(Throwable problem) {
        return problem instanceof InvocationTargetException && problem.getCause() != null ? problem.getCause() : problem;
    }

    /** An error as the caller gets it. */
    private static Map<String, Object> told(Throwable problem) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("errorMessage", problem.getMessage());
        document.put("errorType", problem.getClass().getName());
        if (problem instanceof Refused) {
            document.put("errorType", ((Refused) problem).kind);
            return document;
        }
        List<Object> trace = new ArrayList<>();
        for (StackTraceElement frame : frames(problem)) trace.add(frame.toString());
        document.put("stackTrace", trace);
        if (problem.getCause() != null && problem.getCause() != problem) document.put("cause", told(problem.getCause()));
        return document;
    }

    /** The frames without the runtime's own. */
    private static List<StackTraceElement> frames(Throwable problem) {
        List<StackTraceElement> kept = new ArrayList<>();
        for (StackTraceElement frame : problem.getStackTrace()) {
            if (frame.getClassName().startsWith(Bootstrap.class.getName())) break;
            kept.add(frame);
        }
        while (!kept.isEmpty() && isReflection(kept.get(kept.size() - 1).getClassName())) kept.remove(kept.size() - 1);
        return kept;
    }

    private static boolean isReflection(String name) {
        return name.startsWith("java.lang.reflect.") || name.startsWith("jdk.internal.reflect.");
    }

    private static void logError(Throwable problem, Map<String, Object> document) {
        if (JSON_LOGS) {
            log("ERROR", document);
            return;
        }
        if (!(problem instanceof Refused)) problem.setStackTrace(frames(problem).toArray(new StackTraceElement[0]));
        else problem.setStackTrace(new StackTraceElement[0]);
        StringWriter text = new StringWriter();
        problem.printStackTrace(new PrintWriter(text));
        log("ERROR", problem.getMessage() + ": " + document.get("errorType") + "\n" + text);
    }

    /** One log event; a carriage return stands for a line break within it. */
    private static void log(String level, Object message) {
        if (JSON_LOGS) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("timestamp", Instant.now().toString());
            line.put("level", level);
            line.put("message", message);
            line.put("AWSRequestId", requestId);
            try {
                OUT.println(Json.written(line));
            } catch (Exception problem) {
                OUT.println(message);
            }
            return;
        }
        String text = String.valueOf(message);
        if (text.endsWith("\n")) text = text.substring(0, text.length() - 1);
        OUT.print(text.replace("\r", "").replace('\n', '\r') + "\n");
        OUT.flush();
    }

    /** What the runtime itself says about a handler. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        final String kind;

        Refused(String kind, String message) {
            super(message);
            this.kind = kind;
        }
    }

    /** The handler: an object and one of its methods. */
    private static final class Handler {
        private final Object target;
        private final Method method;
        private final Type[] parameters;
        private final Class<?> context;

        private Handler(Object target, Method method, Type[] parameters, Class<?> context) {
            this.target = target;
            this.method = method;
            this.parameters = parameters;
            this.context = context;
        }

        static Handler of(String named) throws Throwable {
            String[] parts = named.split("::", 2);
            String name = parts.length == 2 ? parts[1] : "handleRequest";
            Class<?> type = loaded(parts[0]);
            Class<?> context = found(RUNTIME + "Context");
            Class<?> stream = found(RUNTIME + "RequestStreamHandler");
            Method chosen = null;
            try {
                for (Method each : type.getMethods()) {
                    if (!each.getName().equals(name) || each.isBridge() || each.isSynthetic() || !fits(each, context)) continue;
                    boolean isBetter = chosen == null || each.getParameterCount() > chosen.getParameterCount();
                    if (isBetter) chosen = each;
                }
            } catch (LinkageError problem) {
                throw missing(problem);
            }
            if (chosen == null) {
                throw new Refused("java.lang.NoSuchMethodException", "No public method named " + name + " with appropriate method signature found on class " + type.getName());
            }
            if (stream != null && stream.isAssignableFrom(type) && !takesStreams(chosen)) {
                throw new Refused("java.lang.NoSuchMethodException", type.getName() + " is a RequestStreamHandler and has no such " + name);
            }
            Map<TypeVariable<?>, Type> known = new HashMap<>();
            bind(type, known);
            Type[] parameters = chosen.getGenericParameterTypes();
            for (int at = 0; at < parameters.length; at++) parameters[at] = Json.resolved(parameters[at], known);
            chosen.setAccessible(true);
            Object target = null;
            if (!Modifier.isStatic(chosen.getModifiers())) {
                try {
                    target = type.getConstructor().newInstance();
                } catch (NoSuchMethodException problem) {
                    throw new Refused("java.lang.NoSuchMethodException", "Class " + type.getName() + " has no public zero-argument constructor");
                }
            }
            return new Handler(target, chosen, parameters, context);
        }

        private static Class<?> loaded(String name) throws Throwable {
            try {
                return Class.forName(name, true, ClassLoader.getSystemClassLoader());
            } catch (ClassNotFoundException problem) {
                throw new Refused("java.lang.ClassNotFoundException", "Class not found: " + name);
            } catch (ExceptionInInitializerError problem) {
                throw problem.getCause() == null ? problem : problem.getCause();
            } catch (UnsupportedClassVersionError problem) {
                throw new Refused("Runtime.NotSupported", "java on PATH is " + System.getProperty("java.specification.version") + ", and " + problem.getMessage());
            } catch (LinkageError problem) {
                throw missing(problem);
            }
        }

        private static Throwable missing(LinkageError problem) {
            String told = String.valueOf(problem.getMessage()).replace('/', '.');
            if (!(problem instanceof NoClassDefFoundError) || !told.startsWith(RUNTIME)) return problem;
            return new Refused("Runtime.NotSupported", "its archive has no " + told + ", which AWS's runtime brings and the sandbox does not: package aws-lambda-java-core with it");
        }

        private static Class<?> found(String name) {
            try {
                return Class.forName(name, false, ClassLoader.getSystemClassLoader());
            } catch (ClassNotFoundException | LinkageError problem) {
                return null;
            }
        }

        private static boolean fits(Method method, Class<?> context) {
            Class<?>[] types = method.getParameterTypes();
            if (takesStreams(method)) return types.length == 2 || (types.length == 3 && types[2] == context);
            return types.length < 2 || (types.length == 2 && types[1] == context);
        }

        private static boolean takesStreams(Method method) {
            Class<?>[] types = method.getParameterTypes();
            return types.length > 1 && types[0] == InputStream.class && types[1] == OutputStream.class;
        }

        /** What the type parameters of a class's ancestors stand for. */
        private static void bind(Type type, Map<TypeVariable<?>, Type> known) {
            if (type instanceof ParameterizedType) {
                Class<?> raw = (Class<?>) ((ParameterizedType) type).getRawType();
                Type[] given = ((ParameterizedType) type).getActualTypeArguments();
                for (int at = 0; at < given.length; at++) known.put(raw.getTypeParameters()[at], Json.resolved(given[at], known));
                bind(raw, known);
            } else if (type instanceof Class<?>) {
                Class<?> raw = (Class<?>) type;
                for (Type each : raw.getGenericInterfaces()) bind(each, known);
                if (raw.getGenericSuperclass() != null) bind(raw.getGenericSuperclass(), known);
            }
        }

        byte[] call(byte[] event, Map<String, String> headers) throws Throwable {
            Object about = context == null ? null : contextOf(headers);
            if (takesStreams(method)) {
                ByteArrayOutputStream answer = new ByteArrayOutputStream();
                InputStream input = new ByteArrayInputStream(event);
                if (parameters.length == 3) method.invoke(target, input, answer, about);
                else method.invoke(target, input, answer);
                return answer.toByteArray();
            }
            Object[] given = new Object[parameters.length];
            for (int at = 0; at < given.length; at++) {
                boolean isContext = context != null && parameters[at] == context;
                given[at] = isContext ? about : Json.converted(Json.read(event), parameters[at], "");
            }
            Object answer = method.invoke(target, given);
            return (method.getReturnType() == void.class ? "null" : Json.written(answer)).getBytes(StandardCharsets.UTF_8);
        }

        private Object contextOf(Map<String, String> headers) {
            long deadline = Long.parseLong(headers.get("lambda-runtime-deadline-ms"));
            Map<String, Object> facts = new HashMap<>();
            facts.put("getAwsRequestId", requestId);
            facts.put("getInvokedFunctionArn", headers.get("lambda-runtime-invoked-function-arn"));
            facts.put("getFunctionName", System.getenv("AWS_LAMBDA_FUNCTION_NAME"));
            facts.put("getFunctionVersion", System.getenv("AWS_LAMBDA_FUNCTION_VERSION"));
            facts.put("getLogGroupName", System.getenv("AWS_LAMBDA_LOG_GROUP_NAME"));
            facts.put("getLogStreamName", System.getenv("AWS_LAMBDA_LOG_STREAM_NAME"));
            facts.put("getMemoryLimitInMB", Integer.valueOf(System.getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")));
            Class<?> logger = found(RUNTIME + "LambdaLogger");
            if (logger != null) facts.put("getLogger", proxy(logger, (name, given) -> logged(given)));
            return proxy(context, (name, given) -> name.equals("getRemainingTimeInMillis")
                ? (Object) (int) Math.max(0, deadline - System.currentTimeMillis()) : facts.get(name));
        }

        private static Object logged(Object[] given) {
            if (given != null && given.length > 0) {
                String text = given[0] instanceof byte[] ? new String((byte[]) given[0], StandardCharsets.UTF_8) : String.valueOf(given[0]);
                String level = given.length > 1 ? String.valueOf(given[1]) : "INFO";
                log(level.equals("UNDEFINED") ? "INFO" : level, text);
            }
            return null;
        }

        private interface Behaviour {
            Object of(String method, Object[] given);
        }

        private static Object proxy(Class<?> type, Behaviour behaviour) {
            return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, given) -> {
                switch (method.getName()) {
                    case "toString": return type.getName();
                    case "hashCode": return System.identityHashCode(self);
                    case "equals": return self == given[0];
                    default: return behaviour.of(method.getName(), given);
                }
            });
        }
    }

    private static final class Answer {
        final Map<String, String> headers = new HashMap<>();
        byte[] body = new byte[0];
    }

    /** The Runtime API over one connection: an HTTP client of the library would take longer to load than to use. */
    private static final class Api {
        private final String host;
        private final int port;
        private final String base;
        private Socket socket;
        private InputStream input;

        Api(String address) {
            int slash = address.indexOf('/');
            String place = slash < 0 ? address : address.substring(0, slash);
            base = (slash < 0 ? "" : address.substring(slash)) + "/2018-06-01/runtime";
            host = place.substring(0, place.lastIndexOf(':'));
            port = Integer.parseInt(place.substring(place.lastIndexOf(':') + 1));
        }

        void post(String where, byte[] body, String kind) throws IOException {
            request("POST", where, body, kind);
        }

        Answer request(String method, String where, byte[] body, String kind) throws IOException {
            if (socket == null) {
                socket = new Socket(host, port);
                socket.setTcpNoDelay(true);
                input = new BufferedInputStream(socket.getInputStream());
            }
            StringBuilder head = new StringBuilder(method + " " + base + where + " HTTP/1.1\r\nHost: " + host + ":" + port + "\r\n");
            if (kind != null) head.append("Lambda-Runtime-Function-Error-Type: ").append(kind).append("\r\n");
            if (body != null) head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
            if (body != null) whole.write(body);
            socket.getOutputStream().write(whole.toByteArray());
            return read();
        }

        private Answer read() throws IOException {
            Answer answer = new Answer();
            line();
            for (String line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                answer.headers.put(line.substring(0, colon).trim().toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
            }
            answer.body = input.readNBytes(Integer.parseInt(answer.headers.getOrDefault("content-length", "0")));
            return answer;
        }

        private String line() throws IOException {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int each = input.read(); each != '\n'; each = input.read()) {
                if (each < 0) System.exit(0); // the sandbox has ended
                if (each != '\r') line.write(each);
            }
            return line.toString(StandardCharsets.ISO_8859_1);
        }
    }

    /** JSON, and how it becomes a handler's own types: by setters and public fields, as Jackson does it. */
    private static final class Json {
        private final String text;
        private int at = 0;

        private Json(String text) {
            this.text = text;
        }

        static Object read(byte[] bytes) {
            Json reader = new Json(new String(bytes, StandardCharsets.UTF_8));
            Object value = reader.value();
            reader.space();
            if (reader.at < reader.text.length()) throw reader.wrong();
            return value;
        }

        private IllegalArgumentException wrong() {
            return new IllegalArgumentException("the event is no JSON at character " + at);
        }

        private void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        }

        private boolean takes(char wanted) {
            space();
            boolean is = at < text.length() && text.charAt(at) == wanted;
            if (is) at++;
            return is;
        }

        private Object value() {
            space();
            if (at >= text.length()) throw wrong();
            switch (text.charAt(at)) {
                case '{': return object();
                case '[': return array();
                case '"': return string();
                case 't': return word("true", Boolean.TRUE);
                case 'f': return word("false", Boolean.FALSE);
                case 'n': return word("null", null);
                default: return number();
            }
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) throw wrong();
            at += word.length();
            return value;
        }

        private Map<String, Object> object() {
            Map<String, Object> found = new LinkedHashMap<>();
            at++;
            if (takes('}')) return found;
            do {
                space();
                String name = string();
                if (!takes(':')) throw wrong();
                found.put(name, value());
            } while (takes(','));
            if (!takes('}')) throw wrong();
            return found;
        }

        private List<Object> array() {
            List<Object> found = new ArrayList<>();
            at++;
            if (takes(']')) return found;
            do found.add(value()); while (takes(','));
            if (!takes(']')) throw wrong();
            return found;
        }

        private String string() {
            if (at >= text.length() || text.charAt(at) != '"') throw wrong();
            StringBuilder found = new StringBuilder();
            for (at++; at < text.length() && text.charAt(at) != '"'; at++) {
                if (text.charAt(at) != '\\') {
                    found.append(text.charAt(at));
                    continue;
                }
                char next = text.charAt(++at);
                int plain = "bfnrt".indexOf(next);
                if (next == 'u') {
                    found.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                    at += 4;
                } else found.append(plain < 0 ? next : "\b\f\n\r\t".charAt(plain));
            }
            at++;
            return found.toString();
        }

        private Object number() {
            int from = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
            String digits = text.substring(from, at);
            try {
                if (digits.matches("-?\\d{1,9}")) return Integer.valueOf(digits);
                if (digits.matches("-?\\d{1,18}")) return Long.valueOf(digits);
                if (digits.matches("-?\\d+")) return new BigInteger(digits);
                return Double.valueOf(digits);
            } catch (NumberFormatException problem) {
                throw wrong();
            }
        }

        static Type resolved(Type type, Map<TypeVariable<?>, Type> known) {
            if (type instanceof TypeVariable<?>) return known.getOrDefault(type, Object.class);
            if (type instanceof WildcardType) return resolved(((WildcardType) type).getUpperBounds()[0], known);
            return type;
        }

        /** A value as a type wants it. where: its place in the event, for the message. */
        static Object converted(Object value, Type wanted, String where) throws Exception {
            Type type = resolved(wanted, Map.of());
            Class<?> raw = type instanceof ParameterizedType ? (Class<?>) ((ParameterizedType) type).getRawType()
                : type instanceof Class<?> ? (Class<?>) type : Object.class;
            if (value == null) return raw.isPrimitive() ? Array.get(Array.newInstance(raw, 1), 0) : null;
            if (raw == Object.class) return value;
            if (raw == String.class || raw == CharSequence.class) return text(value, where);
            if (raw == boolean.class || raw == Boolean.class) return flag(value, where);
            if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) return number(value, raw, where);
            if (raw.isEnum()) return constant(value, raw, where);
            if (Map.class.isAssignableFrom(raw)) return map(value, type, raw, where);
            if (Collection.class.isAssignableFrom(raw) || raw == Iterable.class) return collection(value, type, raw, where);
            if (raw.isArray()) return array(value, raw, where);
            if (!(value instanceof Map)) throw unfit(value, raw, where);
            return bean((Map<?, ?>) value, raw, where);
        }

        private static IllegalArgumentException unfit(Object value, Class<?> wanted, String where) {
            String place = where.isEmpty() ? "the event" : "`" + where + "` of the event";
            String kind = value instanceof Map ? "an object" : value instanceof List ? "a list" : "a " + value.getClass().getSimpleName();
            return new IllegalArgumentException("An error occurred during JSON parsing: " + place + " is " + kind + " and cannot become " + wanted.getName());
        }

        private static Object text(Object value, String where) {
            if (value instanceof Map || value instanceof List) throw unfit(value, String.class, where);
            return value.toString();
        }

        private static Object flag(Object value, String where) {
            if (value instanceof Boolean) return value;
            if ("true".equals(value) || "false".equals(value)) return Boolean.valueOf((String) value);
            throw unfit(value, Boolean.class, where);
        }

        private static Object number(Object value, Class<?> raw, String where) {
            BigDecimal exact;
            try {
                if (!(value instanceof Number || value instanceof String)) throw unfit(value, raw, where);
                exact = new BigDecimal(value.toString());
            } catch (NumberFormatException problem) {
                throw unfit(value, raw, where);
            }
            if (raw == int.class || raw == Integer.class) return exact.intValue();
            if (raw == long.class || raw == Long.class) return exact.longValue();
            if (raw == double.class || raw == Double.class || raw == Number.class) return exact.doubleValue();
            if (raw == float.class || raw == Float.class) return exact.floatValue();
            if (raw == short.class || raw == Short.class) return exact.shortValue();
            if (raw == byte.class || raw == Byte.class) return exact.byteValue();
            if (raw == BigInteger.class) return exact.toBigInteger();
            if (raw == BigDecimal.class) return exact;
            throw unfit(value, raw, where);
        }

        private static Object constant(Object value, Class<?> raw, String where) {
            for (Object each : raw.getEnumConstants()) if (((Enum<?>) each).name().equals(value)) return each;
            throw unfit(value, raw, where);
        }

        private static Type argument(Type type, int at) {
            if (!(type instanceof ParameterizedType)) return Object.class;
            Type[] given = ((ParameterizedType) type).getActualTypeArguments();
            return at < given.length ? given[at] : Object.class;
        }

        @SuppressWarnings("unchecked")
        private static Object map(Object value, Type type, Class<?> raw, String where) throws Exception {
            if (!(value instanceof Map)) throw unfit(value, raw, where);
            Map<Object, Object> made = raw.isInterface() ? new LinkedHashMap<>() : (Map<Object, Object>) made(raw);
            for (Map.Entry<?, ?> each : ((Map<?, ?>) value).entrySet()) {
                Object name = converted(each.getKey(), argument(type, 0), where);
                made.put(name, converted(each.getValue(), argument(type, 1), where + "." + each.getKey()));
            }
            return made;
        }

        @SuppressWarnings("unchecked")
        private static Object collection(Object value, Type type, Class<?> raw, String where) throws Exception {
            if (!(value instanceof List)) throw unfit(value, raw, where);
            Collection<Object> made = !raw.isInterface() ? (Collection<Object>) made(raw)
                : Set.class.isAssignableFrom(raw) ? new LinkedHashSet<>() : new ArrayList<>();
            for (Object each : (List<?>) value) made.add(converted(each, argument(type, 0), where + "[]"));
            return made;
        }

        private static Object array(Object value, Class<?> raw, String where) throws Exception {
            if (!(value instanceof List)) throw unfit(value, raw, where);
            List<?> values = (List<?>) value;
            Object made = Array.newInstance(raw.getComponentType(), values.size());
            for (int at = 0; at < values.size(); at++) Array.set(made, at, converted(values.get(at), raw.getComponentType(), where + "[]"));
            return made;
        }

        private static Object made(Class<?> raw) throws Exception {
            try {
                Constructor<?> constructor = raw.getDeclaredConstructor();
                constructor.setAccessible(true);
                return constructor.newInstance();
            } catch (NoSuchMethodException problem) {
                throw new IllegalArgumentException("An error occurred during JSON parsing: " + raw.getName() + " has no zero-argument constructor");
            }
        }

        private static Object bean(Map<?, ?> value, Class<?> raw, String where) throws Exception {
            Object made = made(raw);
            for (Method setter : raw.getMethods()) {
                if (!setter.getName().matches("set.+") || setter.getParameterCount() != 1 || Modifier.isStatic(setter.getModifiers())) continue;
                String name = property(setter.getName().substring(3));
                if (!value.containsKey(name)) continue;
                setter.setAccessible(true);
                setter.invoke(made, converted(value.get(name), setter.getGenericParameterTypes()[0], within(where, name)));
            }
            for (Field field : raw.getFields()) {
                if (Modifier.isStatic(field.getModifiers()) || Modifier.isFinal(field.getModifiers()) || !value.containsKey(field.getName())) continue;
                field.setAccessible(true);
                field.set(made, converted(value.get(field.getName()), field.getGenericType(), within(where, field.getName())));
            }
            return made;
        }

        private static String within(String where, String name) {
            return where.isEmpty() ? name : where + "." + name;
        }

        /** "URLPath" is the property "urlpath", "StatusCode" is "statusCode". */
        private static String property(String name) {
            int capitals = 0;
            while (capitals < name.length() && Character.isUpperCase(name.charAt(capitals))) capitals++;
            return name.substring(0, capitals).toLowerCase(Locale.ROOT) + name.substring(capitals);
        }

        static String written(Object value) throws Exception {
            StringBuilder out = new StringBuilder();
            write(value, out);
            return out.toString();
        }

        private static void write(Object value, StringBuilder out) throws Exception {
            if (value == null || value instanceof Boolean || value instanceof Number) out.append(value);
            else if (value instanceof CharSequence || value instanceof Character) quote(value.toString(), out);
            else if (value instanceof Enum) quote(((Enum<?>) value).name(), out);
            else if (value instanceof Map) write((Map<?, ?>) value, out);
            else if (value instanceof Iterable) writeAll((Iterable<?>) value, out);
            else if (value.getClass().isArray()) {
                List<Object> values = new ArrayList<>();
                for (int at = 0; at < Array.getLength(value); at++) values.add(Array.get(value, at));
                writeAll(values, out);
            } else if (value.getClass().getName().startsWith("java.time.")) quote(value.toString(), out);
            else write(properties(value), out);
        }

        private static void write(Map<?, ?> value, StringBuilder out) throws Exception {
            String between = "{";
            for (Map.Entry<?, ?> each : value.entrySet()) {
                quote(String.valueOf(each.getKey()), out.append(between));
                write(each.getValue(), out.append(':'));
                between = ",";
            }
            out.append(value.isEmpty() ? "{}" : "}");
        }

        private static void writeAll(Iterable<?> values, StringBuilder out) throws Exception {
            out.append('[');
            String between = "";
            for (Object each : values) {
                write(each, out.append(between));
                between = ",";
            }
            out.append(']');
        }

        /** What getters and public fields give. */
        private static Map<String, Object> properties(Object value) throws Exception {
            Map<String, Object> found = new TreeMap<>();
            for (Field field : value.getClass().getFields()) {
                if (Modifier.isStatic(field.getModifiers())) continue;
                field.setAccessible(true);
                found.put(field.getName(), field.get(value));
            }
            for (Method getter : value.getClass().getMethods()) {
                boolean isFlag = getter.getName().matches("is.+") && (getter.getReturnType() == boolean.class);
                boolean isGetter = isFlag || getter.getName().matches("get.+");
                if (!isGetter || getter.getParameterCount() > 0 || Modifier.isStatic(getter.getModifiers()) || getter.getDeclaringClass() == Object.class) continue;
                getter.setAccessible(true);
                found.put(property(getter.getName().substring(isFlag ? 2 : 3)), getter.invoke(value));
            }
            return found;
        }

        private static void quote(String text, StringBuilder out) {
            out.append('"');
            for (int at = 0; at < text.length(); at++) {
                char each = text.charAt(at);
                int plain = "\b\f\n\r\t\"\\".indexOf(each);
                if (plain >= 0) out.append('\\').append("bfnrt\"\\".charAt(plain));
                else if (each < ' ') out.append(String.format("\\u%04x", (int) each));
                else out.append(each);
            }
            out.append('"');
        }
    }
}
