-- The tables of agentic_ai: metadata and jobs of agents, in a schema of their own.
-- Parameters: none. Run as the application's role, which owns what it makes.
-- Locks: new schema and tables only.

CREATE SCHEMA agentic_ai;

CREATE TABLE agentic_ai.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email varchar(255) NOT NULL UNIQUE,
    display_name varchar(100) NOT NULL,
    preferences jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz
);

CREATE TABLE agentic_ai.tasks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    agent_name varchar(100) NOT NULL,
    task_type varchar(100) NOT NULL,
    status varchar(50) NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    result jsonb,
    error_message text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tasks_agent_name ON agentic_ai.tasks (agent_name);
CREATE INDEX tasks_status ON agentic_ai.tasks (status);
CREATE INDEX tasks_created_at ON agentic_ai.tasks (created_at);

-- Has no key: one task may be run several times by one agent.
CREATE TABLE agentic_ai.agent_executions (
    task_id uuid NOT NULL REFERENCES agentic_ai.tasks (id) ON DELETE CASCADE,
    agent_name varchar(100) NOT NULL,
    execution_start timestamptz NOT NULL,
    execution_end timestamptz,
    duration_seconds double precision,
    llm_calls integer NOT NULL DEFAULT 0,
    llm_total_tokens bigint NOT NULL DEFAULT 0
);
CREATE INDEX agent_executions_task ON agentic_ai.agent_executions (task_id);
CREATE INDEX agent_executions_agent_start ON agentic_ai.agent_executions (agent_name, execution_start);
COMMENT ON COLUMN agentic_ai.agent_executions.execution_end IS 'Null while it runs';
